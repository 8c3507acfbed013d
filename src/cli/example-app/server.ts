/** The example application over HTTP: two package registries on loopback, `/source` and `/mirror`. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isJsonObject, parseOrUndefined } from '../../json.ts';
import { Announcements } from './announcements.ts';
import { type Collection, type Entry, exampleRegistry, nextRelease, PackageRegistry } from './package-registry.ts';
import { pageOf } from './page.ts';

export interface ExampleApplication {
  readonly url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const PASSWORD = 'demo';
const BODY_BYTES_MAX = 64 * 1024;
const PAGES_MAX = 100_000;

interface Reply {
  readonly status: number;
  readonly body: string | object;
}

/**
 * @param port 0 for any free port
 * @param onLine gets a line for each webhook message
 */
export async function startExampleApplication(
  port: number,
  onLine: (line: string) => void,
): Promise<ExampleApplication> {
  const source = exampleRegistry();
  const registries: Readonly<Record<string, PackageRegistry>> = { source, mirror: new PackageRegistry() };
  const announcements = new Announcements(onLine);
  const publish = async (release: Entry): Promise<Reply> => {
    const added = source.add('releases', release);
    if ('status' in added) return { status: added.status, body: { message: added.message } };
    await announcements.send(release);
    return { status: 201, body: added };
  };

  async function reply(request: IncomingMessage): Promise<Reply> {
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${HOST}`);
    const isRead = request.method === 'GET';
    if (pathname === '/' && isRead) return { status: 200, body: pageOf(source, registries.mirror as PackageRegistry) };
    if (!isRead && request.method !== 'POST') return problem(405, 'Only GET and POST are allowed.');
    const body = isRead ? {} : await bodyOf(request);
    if (!body) return problem(422, `A body is a JSON object of at most ${BODY_BYTES_MAX} bytes.`);
    if (pathname === '/publish' && !isRead) return publish(nextRelease(source, new Date()));

    const [, side = '', path = ''] = /^\/(source|mirror)\/(.+)$/.exec(pathname) ?? [];
    const registry = registries[side];
    const user = userOf(request);
    if (path === '-/ping') return { status: 200, body: {} };
    if (path === '-/whoami') return { status: 200, body: user === undefined ? {} : { username: user } };
    if (!registry) return problem(404, 'There is nothing here.');
    if (user === undefined) return problem(401, `The password is ${PASSWORD}.`);
    if (path === '-/v1/search' && isRead) {
      return { status: 200, body: { objects: registry.packages.map((name) => ({ package: { name } })) } };
    }
    if (path === '-/npm/v1/hooks/hook' && !isRead && side === 'source') {
      const refusal = announcements.add(body);
      return refusal === undefined ? { status: 201, body: { endpoint: body.endpoint } } : problem(422, refusal);
    }
    if (path !== 'releases' && path !== 'tags') return problem(404, 'There is nothing here.');
    if (isRead) return { status: 200, body: { records: pageIn(registry, path, searchParams) } };
    if (side === 'source' && path === 'releases') return publish({ publishedAt: new Date().toISOString(), ...body });
    const added = registry.add(path, body);
    return 'status' in added ? problem(added.status, added.message) : { status: 201, body: added };
  }

  const server = createServer((request, response) => {
    reply(request).then(
      (answer) => send(response, answer),
      () => response.destroy(),
    );
  });
  server.listen(port, HOST);
  await once(server, 'listening');
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const problem = (status: number, message: string): Reply => ({ status, body: { message } });

function pageIn(registry: PackageRegistry, collection: Collection, query: URLSearchParams): Entry[] {
  const page = Math.min(PAGES_MAX, Math.max(1, Math.trunc(Number(query.get('page') ?? 1)) || 1));
  return registry.page(collection, page, query.get('since') ?? '');
}

/** The user name, if the password is correct. */
function userOf({ headers: { authorization = '' } }: IncomingMessage): string | undefined {
  const [, encoded = ''] = /^Basic (\S+)$/i.exec(authorization) ?? [];
  const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return password === PASSWORD && user !== '' ? user : undefined;
}

/** Requires JSON, which pages of other sites cannot send without CORS. */
async function bodyOf(request: IncomingMessage): Promise<Entry | undefined> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return undefined;
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    pieces.push(piece);
  }
  const value = parseOrUndefined(Buffer.concat(pieces).toString());
  return isJsonObject(value) ? value : undefined;
}

function send(response: ServerResponse, { status, body }: Reply): void {
  const isPage = typeof body === 'string';
  const type = isPage ? 'text/html; charset=utf-8' : 'application/json';
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(isPage ? body : JSON.stringify(body));
}
