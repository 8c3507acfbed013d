/** What docs/containers has, checked without Docker: a server that starts as the image does, as process 1 too. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Compile } from '#typebox';
import { optionTable } from '../src/option-table.ts';
import { createClient } from './support/client.ts';
import { temporaryFolder, writeBundle } from './support/folders.ts';
import { blocks, root, textOf } from './support/markdown.ts';
import { installed } from './support/runtime.ts';
import { startServer } from './support/server.ts';
import { startArguments, startEnvironment } from './support/start.ts';
import { childrenOf } from './support/traces.ts';

const run = promisify(execFile);
const dockerfile = textOf('docs/containers/Dockerfile');
const composeFiles = ['docs/containers/compose.yaml', 'docs/containers/compose.nodes.yaml'];

/** The last instruction of this name. */
const instruction = (name: string): string =>
  [...dockerfile.replaceAll('\\\n', ' ').matchAll(new RegExp(`^${name}\\s+(.*)$`, 'gm'))].at(-1)?.[1] ?? '';
const listOf = (text: string): string[] => JSON.parse(/\[.*\]$/.exec(text)?.[0] ?? '[]');
const imageEnvironment = Object.fromEntries(
  instruction('ENV')
    .split(/\s+/)
    .map((pair) => pair.split('=') as [string, string]),
);

test('the image starts the packed server as npm start does, as an ordinary user', () => {
  const [program, ...args] = listOf(instruction('ENTRYPOINT'));
  const main = args.pop() ?? '';
  const [, source = ''] = /^\/opt\/bulkhead\/node_modules\/bulkhead\/dist\/(.*)\.js$/.exec(main) ?? [];
  expect([program, existsSync(join(root, `${source}.ts`)), instruction('USER')]).toEqual(['node', true, 'node']);
  expect(args).toEqual(startArguments.filter((arg) => /^--(?!import)/.test(arg)));
  expect(imageEnvironment).toMatchObject(startEnvironment);
});

test('the Node of the image has prebuilt native code for both C libraries and both architectures', () => {
  const [, major = ''] = /^FROM node:(\d+)-\$\{SYSTEM\}$/m.exec(dockerfile) ?? [];
  // The tests run on the same Node.
  expect(process.versions.node.split('.')[0]).toBe(major);
  for (const system of ['linux-x64', 'linux-arm64']) {
    for (const library of ['glibc', 'musl']) {
      const name = `isolated-vm.abi${process.versions.modules}.${library}.node`;
      expect(existsSync(join(root, 'node_modules/isolated-vm/prebuilds', system, name)), name).toBe(true);
    }
  }
});

test.each(composeFiles)('%s sets what options take, and takes from the container what it does not need', (file) => {
  const compose = textOf(file);
  for (const { environment, schema } of Object.values(optionTable)) {
    const [, written] = new RegExp(`^ +${environment}: (.+)$`, 'm').exec(compose) ?? [];
    const value = written?.replace(/\$\{\w+:\?\}/, 'a-password-of-the-database').replace(/\$\{\w+:-(.*?)\}/, '$1');
    // The empty text is no value.
    if (value) expect(Compile(schema).Check(value), environment).toBe(true);
  }
  for (const line of ['read_only: true', 'cap_drop: ["ALL"]', 'security_opt: ["no-new-privileges:true"]'])
    expect(compose).toContain(line);
  expect(compose).not.toContain('init:');
  const [, dockerfilePath = ''] = /dockerfile: (\S+)/.exec(compose) ?? [];
  expect(existsSync(join(root, dockerfilePath))).toBe(true);
});

test('nginx.conf is what operate.md explains, with the names of the nodes', () => {
  const [, ...lines] = textOf('docs/containers/nginx.conf').split('\n');
  const explained = blocks(textOf('docs/operate.md'), 'nginx')[0] ?? '';
  expect(lines.join('\n')).toBe(explained.replace('10.0.0.1:3000', 'one:3000').replace('10.0.0.2:3000', 'two:3000'));
});

test.runIf(spawnSync('nginx', ['-v']).status === 0)('nginx takes it', async () => {
  const folder = await temporaryFolder();
  const servers = textOf('docs/containers/nginx.conf').replace(/(one|two):3000/g, '127.0.0.1:3000');
  await writeFile(
    join(folder, 'nginx.conf'),
    `pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${servers.replaceAll(/^#.*$/gm, '')} }`,
  );
  const { stderr } = await run('nginx', ['-t', '-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')]);
  expect(stderr).toContain('syntax is ok');
});

async function imageFolders(): Promise<Record<string, string>> {
  const folder = await temporaryFolder();
  const environment = Object.entries(imageEnvironment).map(([name, value]) => {
    if (!value.startsWith('/')) return [name, value];
    return [name, join(folder, value)];
  });
  const folders = Object.fromEntries(environment);
  for (const name of ['BULKHEAD_DATA', 'BULKHEAD_CONNECTORS']) await mkdir(folders[name], { recursive: true });
  return { ...folders, BULKHEAD_HOST: '127.0.0.1', BULKHEAD_PORT: '0', BULKHEAD_TOKEN: 'a-token' };
}

test('the health check passes while the server is ready, and fails otherwise', async () => {
  const server = await startServer(await imageFolders());
  await vi.waitFor(async () => expect((await fetch(`${server.url}/readyz`)).status).toBe(200), { timeout: 20_000 });
  const [, ...args] = listOf(instruction('HEALTHCHECK'));
  const env = { ...process.env, BULKHEAD_PORT: new URL(server.url).port };
  const check = (): Promise<number> =>
    run(process.execPath, args, { env }).then(
      () => 0,
      ({ code }) => code,
    );
  expect(await check()).toBe(0);
  await server.stop('SIGTERM');
  expect(await check()).toBe(1);
});

const NAMESPACE = [
  '--pid',
  '--fork',
  '--mount-proc',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
];
const hasNamespaces = spawnSync('unshare', [...NAMESPACE, 'true']).status === 0;

test.runIf(hasNamespaces)(
  'as process 1 it runs connectors, leaves no zombies, and ends when it is told to',
  async () => {
    const environment = await imageFolders();
    const crash =
      'exports.utilities = { fill() { const all = []; for (;;) all.push(new Array(1e6).fill(1)); }, f: () => 1 };';
    await writeBundle(environment.BULKHEAD_CONNECTORS ?? '', 'a', { code: crash });
    const child = spawn('unshare', [...NAMESPACE, process.execPath, ...startArguments], {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, log] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log += text;
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await vi.waitFor(() => expect(out, log).toMatch(/listening on http:\S+\n/), { timeout: 20_000 });
    const [pid = 0] = (await childrenOf(child.pid as number)).map(Number);
    onTestFinished(() => {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended, as it should.
      }
    });
    expect(log).toContain('"pid":1,');
    const client = createClient(/listening on (http:\S+)/.exec(out)?.[1] ?? '', 'a-token');
    const id = await installed(client, 'a');
    const { body } = await client('PUT', `/integrations/${id}/utilities/fill`);
    expect(body.errors[0].code).toBe('memory_limit_exceeded');
    const compartments = await childrenOf(pid);
    for (const each of compartments) process.kill(Number(each), 'SIGKILL');
    // Each killed process is waited for, and another one serves.
    const gone = async (): Promise<void> => {
      const left = (await childrenOf(pid)).filter((each) => compartments.includes(each));
      expect(left).toEqual([]);
    };
    await vi.waitFor(gone, { timeout: 10_000 });
    const answered = async (): Promise<void> =>
      expect((await client('PUT', `/integrations/${id}/utilities/f`)).body).toBe(1);
    await vi.waitFor(answered, { timeout: 10_000 });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    process.kill(pid, 'SIGTERM');
    expect(await ended).toBe(0);
  },
);
