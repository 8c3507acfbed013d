/** README's tour is executed as printed; the connector of connectors/README.md is written as printed. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { optionTable } from '../src/options.ts';
import { createClient } from './support/client.ts';
import { callCommand } from './support/command.ts';
import { temporaryFolder } from './support/folders.ts';
import { installed, serve } from './support/runtime.ts';
import { startServer } from './support/server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string): Promise<string> => readFile(join(root, name), 'utf8');

/** Code blocks of a language, in their order. */
function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, its]) => its === language)
    .map(([, , code = '']) => code);
}

/** A PATH on which there is a curl. */
async function pathWithCurl(): Promise<string> {
  const path = process.env.PATH ?? '';
  if (spawnSync('curl', ['--version']).status === 0) return path;
  const folder = await temporaryFolder();
  await symlink(join(root, 'test/support/curl.mjs'), join(folder, 'curl'));
  return folder + delimiter + path;
}

test('the two commands of the README are the scripts of the package', async () => {
  const commands = blocks(await read('README.md'), 'sh').slice(0, 2);
  expect(commands.map((command) => command.trim())).toEqual(['npm ci && npm start', 'npm ci && npm test']);
  const { scripts } = JSON.parse(await read('package.json'));
  expect([scripts.start, scripts.test]).toEqual([
    'exec env MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=8388608 node --disable-sigusr1 --max-semi-space-size=16 --import ./src/compile-cache.js src/main.ts',
    'vitest run',
  ]);
  expect(await read('.ci/run')).toContain('npm ci && npm test');
});

test("the README's tour runs as printed", async () => {
  const tour = blocks(await read('README.md'), 'sh')[2] ?? '';
  const token = 'the-tours-token';
  const server = await startServer({ BULKHEAD_TOKEN: token, BULKHEAD_DATA: await temporaryFolder() });
  const shell = spawn('sh', ['-eu'], {
    env: { PATH: await pathWithCurl(), BULKHEAD_URL: server.url, BULKHEAD_TOKEN: token },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  shell.stdout.setEncoding('utf8').on('data', (text) => {
    out += `${text}`;
  });
  shell.stderr.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  shell.stdin.end(tour);
  const [code] = await once(shell, 'close');
  expect([code, err]).toEqual([0, '']);
  const inOrder = [
    '"title":"Hello"',
    '"mode":"install"',
    '{"success":true}',
    '"mode":"settings"',
    '{"success":true,"pending":{"greeting":"ahoy","name":"Ada"}}',
    '{"errors":[{"code":"invalid_field"',
    '{"text":"Ahoy, Ada!"}',
    '{"success":true}',
    '[]',
  ];
  let at = 0;
  for (const expected of inOrder) {
    const found = out.indexOf(expected, at);
    expect(found, `${expected} in ${out.slice(at)}`).toBeGreaterThanOrEqual(0);
    at = found + expected.length;
  }
});

test('the first connector of connectors/README.md works as printed', async () => {
  const text = await read('connectors/README.md');
  const { client, connectors } = await serve();
  await mkdir(join(connectors, 'weather'));
  await writeFile(join(connectors, 'weather/package.json'), blocks(text, 'json')[0] ?? '');
  await writeFile(join(connectors, 'weather/index.js'), blocks(text, 'js')[0] ?? '');
  const isReady = async () => expect((await client('GET', '/connectors')).body).toMatchObject([{ status: 'ready' }]);
  await vi.waitFor(isReady, { timeout: 30_000, interval: 20 });
  const id = await installed(client, 'weather');
  await client('PUT', `/integrations/${id}/installer/checkCity`);
  const { body } = await client('PUT', `/integrations/${id}/settings/forecast`, { days: 2 });
  expect(body).toEqual({ city: 'Oslo', forecast: ['sun', 'sun'] });
});

test('the way of connectors/README.md from init to pack runs as printed, and so do its connector and its test', async () => {
  const text = await read('connectors/README.md');
  const [commands = ''] = blocks(text, 'sh');
  expect(commands).toContain('npx bulkhead init weather');
  const [folder, programs] = [await temporaryFolder(), await temporaryFolder()];
  const main = join(root, 'src/main.ts');
  await writeFile(join(programs, 'npx'), `#!/bin/sh\nshift\nexec "${process.execPath}" "${main}" "$@"\n`, {
    mode: 0o755,
  });
  const shell = spawn('sh', ['-eux'], {
    cwd: folder,
    env: { PATH: programs + delimiter + (process.env.PATH ?? '') },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let out = '';
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (piece) => {
      out += piece;
    });
  }
  shell.stdin.end(commands);
  const [code] = await once(shell, 'close');
  expect([code, out]).toEqual([0, expect.stringContaining('weather-1.0.0.tgz')]);

  const [connector = '', test = ''] = blocks(text, 'ts');
  const project = join(folder, 'weather');
  await writeFile(join(project, 'src/index.ts'), connector);
  await writeFile(join(project, 'test/index.test.ts'), test);
  const manifest = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
  manifest.connector.permissions = { fetch: ['https://api.example.com'] };
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
  const { code: tested, stdout } = await callCommand(['test'], { cwd: project });
  expect([tested, stdout]).toEqual([0, expect.stringContaining('pass 1')]);
}, 120_000);

test('the README names every command', async () => {
  const { stdout } = await callCommand(['--help']);
  const names = [...stdout.matchAll(/^ {2}(\w+) (?:\[options\]|<)/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(10);
  const text = await read('README.md');
  for (const name of names) expect(text).toMatch(new RegExp(`\`${name}(?: [A-Z]+)*\``));
});

test('the README names every option', async () => {
  const text = await read('README.md');
  for (const { flag, environment } of Object.values(optionTable)) {
    expect(text).toContain(`--${flag}`);
    expect(text).toContain(environment);
  }
});

test('the stand-in for curl does what the tour needs', async () => {
  const server = await startServer({ BULKHEAD_TOKEN: 'a-token', BULKHEAD_DATA: await temporaryFolder() });
  const args = ['-sS', '-X', 'POST', '-H', 'Authorization: Bearer a-token', '-H', 'Content-Type: application/json'];
  const { stdout } = spawnSync(process.execPath, [
    join(root, 'test/support/curl.mjs'),
    ...args,
    `${server.url}/integrations`,
    '-d',
    '{"name":"n"}',
  ]);
  expect(JSON.parse(String(stdout)).name).toBe('n');
  expect((await createClient(server.url, 'a-token')('GET', '/integrations')).body).toHaveLength(1);
});
