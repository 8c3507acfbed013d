/** `bulkhead dev`: serves edits but not mistakes, and leaves nothing behind. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startApplication } from '../flow/application.ts';
import { createClient } from '../support/client.ts';
import { callCommand, type Going, startCommand } from '../support/command.ts';
import { temporaryFolder, writeBundle } from '../support/folders.ts';
import { installed, serve, TOKEN } from '../support/runtime.ts';
import { childrenOf } from '../support/traces.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LONG_MS = 180_000;
const patiently = { timeout: 60_000, interval: 50 };

const says = (going: Going, text: string | RegExp) =>
  vi.waitFor(
    () => expect(going.stdout()).toMatch(text instanceof RegExp ? text : new RegExp(text.replaceAll('.', '\\.'))),
    patiently,
  );

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  expect(text).toContain(from);
  await writeFile(file, text.replace(from, to));
}

test('an imported file outside the folder is watched, too, and a failing disk does not end the command', {
  timeout: LONG_MS,
}, async () => {
  const cwd = await temporaryFolder();
  await callCommand(['init', 'weather'], { cwd });
  const [word, source] = [join(cwd, 'word.ts'), join(cwd, 'weather/src/index.ts')];
  await writeFile(word, "export const word = 'one';");
  await writeFile(
    source,
    "import { word } from '../../word.ts';\nexport const installer = { checkCity: () => word };\n",
  );
  const dev = startCommand(['dev', 'weather', '--into', 'there'], { cwd });
  await says(dev, 'Watching weather');
  const builtCode = () => readFile(join(cwd, 'there/weather/dist/index.js'), 'utf8');
  expect(await builtCode()).toContain('one');
  await writeFile(word, "export const word = 'two';");
  await vi.waitFor(async () => expect(await builtCode()).toContain('two'), patiently);

  await rm(join(cwd, 'there'), { recursive: true });
  await writeFile(join(cwd, 'there'), '');
  await writeFile(word, "export const word = 'three';");
  await says(dev, /^! .*there.* is not a folder\.$/m);
  await rm(join(cwd, 'there'));
  await writeFile(word, "export const word = 'four';");
  await vi.waitFor(async () => expect(await builtCode()).toContain('four'), patiently);
  dev.child.kill('SIGINT');
  expect(await dev.finished).toMatchObject({ code: 0, stderr: '' });
});

test('types are checked beside the build, again after each change', { timeout: LONG_MS }, async () => {
  const cwd = await temporaryFolder();
  await callCommand(['init', 'weather'], { cwd });
  const source = join(cwd, 'weather/src/index.ts');
  await writeFile(source, "export const installer = { checkCity: (): string => 'Oslo' };\n");
  const config = { compilerOptions: { strict: true, types: [], noEmit: true }, include: ['src'] };
  await writeFile(join(cwd, 'weather/tsconfig.json'), JSON.stringify(config));
  await mkdir(join(cwd, 'node_modules'));
  await symlink(join(root, 'node_modules/typescript'), join(cwd, 'node_modules/typescript'), 'junction');
  const dev = startCommand(['dev', 'weather', '--into', 'there'], { cwd });
  await says(dev, 'No type errors.');
  // The bundle is the same: it has no types.
  await edit(source, '): string', '): number');
  await says(dev, /^src\/index\.ts:1:53 error TS2322: .*\n1 type error\. The build is served anyway\.$/m);
  await edit(source, '): number', '): string');
  await vi.waitFor(() => expect(dev.stdout().split('No type errors.')).toHaveLength(3), patiently);
  dev.child.kill('SIGINT');
  expect(await dev.finished).toMatchObject({ code: 0, stderr: '' });
});

test('serves edits and shows the log', { timeout: LONG_MS }, async () => {
  const cwd = await temporaryFolder();
  await callCommand(['init', 'weather'], { cwd });
  const source = join(cwd, 'weather/src/index.ts');
  const dev = startCommand(['dev', 'weather', '--install', '--port', '0'], { cwd });
  await says(dev, 'Watching weather');
  const [, url = '', token = ''] = /BULKHEAD_URL=(\S+) BULKHEAD_TOKEN=(\S+)/.exec(dev.stdout()) ?? [];
  expect(dev.stdout()).toMatch(/^Built weather 1\.0\.0 in \d+ ms\.\nServing on .*\nLoaded weather 1\.0\.0\.\n/s);
  expect(dev.stdout()).toMatch(/Installed as Weather: [0-9a-f]{24}\n/);
  const forecast = async () =>
    (await callCommand(['invoke', 'Weather', 'settings', 'forecast', '--url', url, '--token', token])).stdout;
  expect(await forecast()).toBe('{"city":"Oslo","forecast":["sun"]}\n');
  await says(dev, /^ {2}info {2}asked for Oslo\nsettings\.forecast succeeded, \d+ ms$/m);
  const client = createClient(url, token);
  const runs = `/integrations/${/Installed as Weather: ([0-9a-f]{24})/.exec(dev.stdout())?.[1]}/runs`;
  const { _id } = (await client('GET', runs)).body.at(-1);
  expect((await client('GET', `${runs}/${_id}`)).body).toMatchObject({
    input: { value: {} },
    answer: { value: { city: 'Oslo', forecast: ['sun'] } },
  });

  await edit(source, "'sun'", "'rain'");
  await vi.waitFor(async () => expect(await forecast()).toContain('rain'), patiently);

  await edit(source, 'const city = String(', 'const city = String((');
  await says(dev, /src\/index\.ts:\d+:\d+ error .*\nNot built\. The previous version stays in use\.\n/);
  expect(await forecast()).toContain('rain');

  await edit(
    source,
    'const city = String((',
    "throw Object.assign(new Error('no'), { code: 'closed' }); const city = String(",
  );
  await vi.waitFor(async () => expect(await forecast()).toBe(''), patiently);
  await says(dev, / {2}closed: no\n\s+at .*src\/index\.ts:24:\d+/);

  await edit(source, "throw Object.assign(new Error('no'), { code: 'closed' });", 'await new Promise(() => {});');
  await vi.waitFor(async () => {
    await forecast();
    expect(dev.stdout()).toMatch(
      /^settings\.forecast faulted, \d+ ms\n {2}never_answered: settings\.forecast ended without an answer, .* await /m,
    );
  }, patiently);

  await edit(join(cwd, 'weather/package.json'), '"fetch": []', '"fetch": ["https://api.example.com"]');
  await says(dev, 'Approved automatically: it requests https://api.example.com.');

  const compartments = await childrenOf(dev.pid);
  expect(compartments.length).toBeGreaterThan(0);
  dev.child.kill('SIGINT');
  expect(await dev.finished).toMatchObject({ code: 0, stderr: '' });
  await vi.waitFor(() => expect(compartments.filter((pid) => existsSync(`/proc/${pid}/cwd`))).toEqual([]), patiently);
  expect(existsSync(join(cwd, 'weather/dist'))).toBe(false);
});

test('--into writes the bundle for another server and shows its events', { timeout: LONG_MS }, async () => {
  const cwd = await temporaryFolder();
  await callCommand(['init', 'weather', '--language', 'javascript'], { cwd });
  const { client, connectors, runtime } = await serve();
  const environment = { BULKHEAD_URL: runtime.url, BULKHEAD_TOKEN: TOKEN };
  const dev = startCommand(['dev', '.', '--into', connectors], { cwd: join(cwd, 'weather'), environment });
  const version = async () => (await client('GET', '/connectors')).body[0]?.version;
  await vi.waitFor(async () => expect(await version()).toBe('1.0.0'), patiently);
  await says(dev, 'Watching .');
  await edit(join(cwd, 'weather/package.json'), '"1.0.0"', '"1.0.1"');
  await vi.waitFor(async () => expect(await version()).toBe('1.0.1'), patiently);
  await says(dev, 'Loaded weather 1.0.1.');
  await client('PUT', `/integrations/${await installed(client, 'weather')}/settings/forecast`);
  await says(dev, /^ {2}info {2}asked for Oslo$/m);
  // Other connectors' log lines are not shown.
  await writeBundle(connectors, 'other', { code: "exports.utilities = { f() { console.log('of another') } }" });
  await vi.waitFor(async () => expect((await client('GET', '/connectors')).body).toHaveLength(2), patiently);
  await client('PUT', `/integrations/${await installed(client, 'other')}/utilities/f`);
  await client('PUT', `/integrations/${await installed(client, 'weather')}/settings/forecast`);
  await vi.waitFor(() => expect(dev.stdout().split('forecast succeeded')).toHaveLength(3), patiently);
  expect(dev.stdout()).not.toContain('of another');
  dev.child.kill('SIGTERM');
  expect(await dev.finished).toMatchObject({ code: 0, stderr: '' });
});

test('--run-flow runs the flow after each build, with its log, counts and errors', { timeout: LONG_MS }, async () => {
  const application = await startApplication(3);
  onTestFinished(() => application.close());
  const cwd = await temporaryFolder();
  const code = `const create = async (kind, record) => (await (await fetch('/v1/' + kind, { method: 'POST', body: JSON.stringify(record) })).json())._id;
exports.installer = { async create() {
  const _connectionId = await create('connections', { name: 'shop', type: 'http', http: { baseURI: '${application.origin}' } });
  const http = { method: 'GET', relativeURI: '/items', response: { resourcePath: 'items' } };
  const _exportId = await create('exports', { name: 'e', _connectionId, http, hooks: { preSavePage: { function: 'look' } } });
  const _importId = await create('imports', { name: 'i', _connectionId, http: { method: 'POST', relativeURI: '/one' } });
  await create('flows', { name: 'Items', _exportId, _importId });
} };
exports.hooks = { look({ data, errors }) { console.log('looks at ' + data.length); return { data, errors }; } };`;
  const connector = { installerFunction: 'create', permissions: { fetch: [application.origin] } };
  await writeBundle(cwd, 'shop', { code, connector });
  const args = [
    'dev',
    'shop',
    '--install',
    '--run-flow',
    'Items',
    '--port',
    '0',
    '--allow-private-network',
    '127.0.0.1',
  ];
  const dev = startCommand(args, { cwd });
  await says(dev, /^ {2}info {2}looks at 3$[\s\S]*^Items completed in .* s: 3 read, 3 sent, 0 failed, 0 ignored\.$/m);
  await edit(join(cwd, 'shop/index.js'), "console.log('looks at ' + data.length);", "throw new Error('not today');");
  await says(dev, /^Items failed in .*\n {2}\S+: .*not today/m);
  dev.child.kill('SIGINT');
  expect(await dev.finished).toMatchObject({ code: 0, stderr: '' });
});
