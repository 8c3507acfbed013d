/** Verdaccio, an npm registry, on loopback: a real third-party application for connectors. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folders.ts';

export interface Registry {
  readonly url: string;
  addUser(name: string, password: string): Promise<void>;
  publish(name: string, version: string, user: readonly [name: string, password: string]): Promise<void>;
}

const VERDACCIO = createRequire(import.meta.url).resolve('verdaccio/bin/verdaccio');

/** Starts an empty registry. It ends with the test. */
export async function startRegistry(): Promise<Registry> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const config = join(folder, 'config.yaml');
  const lines = [
    `storage: ${join(folder, 'storage')}`,
    `auth: { htpasswd: { file: ${join(folder, 'htpasswd')} } }`,
    'uplinks: {}',
    "packages: { '**': { access: $all, publish: $authenticated } }",
    'web: { enable: false }',
    'log: { type: stdout, format: json, level: http }',
  ];
  await writeFile(config, lines.join('\n'));
  const args = [VERDACCIO, '--config', config, '--listen', `127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  });
  let out = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
      if (out.includes('http address')) resolve();
    });
    child.once('exit', () => reject(new Error(`the registry ended: ${out}`)));
  });
  const url = `http://127.0.0.1:${port}`;
  const put = async (path: string, body: object, headers: Record<string, string> = {}): Promise<void> => {
    const response = await fetch(url + path, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  };
  return {
    url,
    addUser: (name, password) => put(`/-/user/org.couchdb.user:${encodeURIComponent(name)}`, { name, password }),
    async publish(name, version, [user, password]) {
      const file = `${name}-${version}.tgz`;
      const data = Buffer.from('not unpacked by anybody');
      const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
      const body = {
        name,
        'dist-tags': { latest: version },
        versions: { [version]: { name, version, dist: { tarball: `${url}/${name}/-/${file}` } } },
        _attachments: {
          [file]: { content_type: 'application/octet-stream', data: data.toString('base64'), length: data.length },
        },
      };
      await put(`/${name}`, body, { authorization });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A connection to a server that can be cut. */
export interface Relay {
  readonly url: string;
  /** Lets this many requests through, and resets the connection of every further one. */
  cutAfter(requests: number): void;
  /** Blocks everything from now on. Resolves when a request arrives. */
  hold(): Promise<void>;
  mend(): void;
}

export async function relayTo(target: string): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let onHeld: (() => void) | undefined;
  const server: Server = createServer((client) => {
    const application = connect(Number(port), hostname);
    for (const socket of [client, application]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    }
    // A request without a body arrives in one piece.
    client.on('data', (piece) => {
      if (onHeld) return onHeld();
      if (left-- > 0) return application.write(piece);
      client.resetAndDestroy();
      return application.destroy();
    });
    application.pipe(client);
    client.on('close', () => application.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutAfter(requests) {
      left = requests;
    },
    hold: () =>
      new Promise((resolve) => {
        onHeld = resolve;
      }),
    mend() {
      onHeld = undefined;
      left = Number.POSITIVE_INFINITY;
    },
  };
}
