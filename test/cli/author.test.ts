/** From `init` to a running connector, with the real command line. */
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extract, list } from 'tar';
import { describe, expect, test, vi } from 'vitest';
import { type TemplateName, templateNames } from '../../src/author/scaffold.ts';
import { callCommand, type Finished, runCommand, startCommand } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';
import { installed, serve } from '../support/runtime.ts';

describe.each([
  ['typescript', runCommand],
  // The same command line in this process.
  ['javascript', callCommand],
])('a connector in %s', (language, runIt) => {
  test('is created, validated, tested, packed, deployed and called', { timeout: 180_000 }, async () => {
    const [cwd, connectors] = [await temporaryFolder(), await temporaryFolder()];
    const run = (...args: string[]): Promise<Finished> => runIt(args, { cwd });
    const created = await run('init', 'weather', '--language', language);
    expect([created.code, created.stderr]).toEqual([0, '']);
    expect(created.stdout).toContain('npm test');
    // `npm pack` packs the files on disk, so they must be built first.
    const { scripts } = JSON.parse(await readFile(join(cwd, 'weather/package.json'), 'utf8'));
    expect(scripts.prepack).toBe(language === 'typescript' ? 'bulkhead build .' : undefined);

    const validated = await run('validate', 'weather', '--json');
    expect([validated.code, validated.stderr]).toEqual([0, '']);
    const { digest, ...verdict } = JSON.parse(validated.stdout);
    expect(verdict).toMatchObject({ valid: true, findings: [], sections: { settings: ['forecast'] } });

    const tested = await run('test', 'weather');
    expect([tested.code, tested.stderr]).toEqual([0, '']);
    expect(tested.stdout).toContain('pass 2');

    const packed = await run('pack', 'weather', '--json');
    expect([packed.code, packed.stderr]).toEqual([0, '']);
    const { file, fileDigest, digest: packedDigest } = JSON.parse(packed.stdout);
    expect([file, packedDigest]).toEqual([join(cwd, 'weather-1.0.0.tgz'), digest]);
    expect(fileDigest).toMatch(/^sha256-[0-9a-f]{64}$/);

    const names: string[] = [];
    await list({ file, onReadEntry: ({ path }) => names.push(path) });
    const main =
      language === 'typescript' ? ['package/dist/index.js', 'package/dist/index.js.map'] : ['package/index.js'];
    expect(names).toEqual([...main, 'package/package.json']);
    // Deploy as a folder; another server below gets the tarball itself.
    await mkdir(join(connectors, 'weather'));
    await extract({ file, cwd: join(connectors, 'weather'), strip: 1 });
    const { client } = await serve({}, { connectors });
    const { body: rows } = await client('GET', '/connectors');
    expect(rows).toMatchObject([{ name: 'weather', status: 'ready', digest }]);
    const id = await installed(client, 'weather');
    expect((await client('PUT', `/integrations/${id}/installer/checkCity`)).body.success).toBe(true);
    expect((await client('PUT', `/integrations/${id}/settings/forecast`, { days: 2 })).body).toEqual({
      city: 'Oslo',
      forecast: ['sun', 'sun'],
    });
    const { client: other } = await serve({}, { connectors: cwd });
    const { body: there } = await other('GET', '/connectors');
    const packedRow = there.find(({ digest: its }: { digest?: string }) => its === digest);
    expect(packedRow).toMatchObject({ name: 'weather', status: 'ready' });
  });
});

test('what every template makes validates, and installs on a server', { timeout: 180_000 }, async () => {
  const [cwd, connectors] = [await temporaryFolder(), await temporaryFolder()];
  for (const template of templateNames) {
    await callCommand(['init', template, '--template', template], { cwd });
    const packed = await callCommand(['pack', template, '--output', connectors, '--json'], { cwd });
    expect([packed.code, JSON.parse(packed.stdout)]).toEqual([0, expect.objectContaining({ findings: [] })]);
  }
  const { client } = await serve({}, { connectors });
  const ids: Record<string, string> = {};
  for (const name of templateNames) ids[name] = await installed(client, name);
  const take = (template: TemplateName, step: string, body = {}) =>
    client('PUT', `/integrations/${ids[template]}/installer/${step}`, body);
  const recordsOf = async (template: TemplateName) => {
    const { body } = await client('GET', `/integrations/${ids[template]}/dependencies`);
    return Object.entries(body).map(([kind, rows]) => [kind, (rows as object[]).length]);
  };
  const connectionOf = async (template: TemplateName, step: string) => {
    const { body } = await client('GET', `/integrations/${ids[template]}`);
    return body.install.find((each: { installerFunction: string }) => each.installerFunction === step)._connectionId;
  };

  expect(await recordsOf('polling')).toEqual([
    ['connections', 2],
    ['exports', 1],
    ['imports', 1],
    ['flows', 1],
  ]);
  expect((await take('polling', 'startSync')).body).toEqual({ success: true });
  const { body: flows } = await client('GET', '/flows');
  expect(flows).toMatchObject([{ name: 'Orders to invoices', disabled: false, schedule: '? 0 8,12,16 ? * *' }]);

  const { body: webhook } = await take('webhook', 'createWebhook', { secret: 'a secret of the shop' });
  const { body: webhookExports } = await client('GET', `/exports?_integrationId=${ids.webhook}`);
  expect(webhook.stepsToUpdate[0].description).toContain(`/v1/exports/${webhookExports[0]._id}/`);
  expect(webhookExports[0].webhook).toMatchObject({ verify: 'hmac', key: '******', token: '******' });
  expect(await connectionOf('webhook', 'connectLedger')).toMatch(/^[0-9a-f]{24}$/);

  const shop = 'https://shop.example.com';
  const oauthClient = { name: 'Shop', clientId: 'a', clientSecret: 'b', authURI: `${shop}/a`, tokenURI: `${shop}/t` };
  const { body: iClient } = await client('POST', '/iClients', oauthClient);
  expect((await take('oauth', 'createConnection', { iClientId: iClient._id })).body.success).toBe(true);
  const { body: connection } = await client('GET', `/connections/${await connectionOf('oauth', 'testConnection')}`);
  expect(connection.http.auth).toMatchObject({ type: 'oauth', oauth: { _iClientId: iClient._id } });
  // Nobody has signed in yet.
  expect((await take('oauth', 'testConnection')).body.errors[0].message).toMatch(/Sign in to the shop first/);

  expect(await connectionOf('legacy', 'verifyShopConnection')).toMatch(/^[0-9a-f]{24}$/);
  const removal = await client('PUT', `/integrations/${ids.legacy}/uninstaller/preUninstallFunction`);
  expect(removal.body).toMatchObject([{ uninstallerFunction: 'sayGoodbye' }]);
});

test('a failing test fails the command and shows the line', async () => {
  const cwd = await temporaryFolder();
  await callCommand(['init', 'weather'], { cwd });
  const source = join(cwd, 'weather/src/index.ts');
  await writeFile(
    source,
    (await readFile(source, 'utf8')).replace("() => 'sun'", '() => { throw new RangeError("no sun") }'),
  );
  const { code, stdout } = await callCommand(['test', 'weather', '--name', 'forecast'], { cwd });
  expect(code).toBe(1);
  expect(stdout).toContain('no sun');
  // The line of the source, not of the built file.
  expect(stdout).toMatch(/src\/index\.ts:26:\d+/);
});

test('running no tests is a failure', async () => {
  const cwd = await temporaryFolder();
  await callCommand(['init', 'weather'], { cwd });
  await rm(join(cwd, 'weather/test'), { recursive: true });
  const { code, stderr } = await callCommand(['test', 'weather'], { cwd });
  expect([code, stderr]).toEqual([1, expect.stringContaining('No tests were found')]);
});

test('the same files give the same bytes at any time and place, other files give other bytes', async () => {
  const cwd = await temporaryFolder();
  const digestOf = async (folder: string, output: string): Promise<string> => {
    const { stdout } = await callCommand(['pack', folder, '--output', output, '--json'], { cwd });
    return JSON.parse(stdout).fileDigest;
  };
  await callCommand(['init', 'one/weather', '--language', 'javascript'], { cwd });
  await callCommand(['init', 'two/weather', '--language', 'javascript'], { cwd });
  await utimes(join(cwd, 'two/weather/index.js'), new Date(0), new Date(0));
  const first = await digestOf('one/weather', 'packed');
  expect(await digestOf('two/weather', 'packed/again')).toBe(first);
  await writeFile(join(cwd, 'two/weather/README.md'), '# Größe\r\n');
  expect(await digestOf('two/weather', 'packed/again')).not.toBe(first);
  expect(await readdir(join(cwd, 'packed'))).toEqual(['again', 'weather-1.0.0.tgz']);
});

test('build writes the main file and its map; with an error it writes nothing, and without a source it says so', async () => {
  const cwd = await temporaryFolder();
  await callCommand(['init', 'ts'], { cwd });
  expect(await callCommand(['build', 'ts'], { cwd })).toMatchObject({ code: 0, stderr: '' });
  expect(await readdir(join(cwd, 'ts/dist'))).toEqual(['index.js', 'index.js.map']);
  const { sources } = JSON.parse(await readFile(join(cwd, 'ts/dist/index.js.map'), 'utf8'));
  expect(sources).toContain('../src/index.ts');
  // Nothing of the SDK is left to be imported.
  expect(await readFile(join(cwd, 'ts/dist/index.js'), 'utf8')).not.toMatch(/from ['"]bulkhead\/sdk/);

  await writeFile(join(cwd, 'ts/src/index.ts'), "import 'not-installed';\n");
  const before = await readFile(join(cwd, 'ts/dist/index.js'), 'utf8');
  expect(await callCommand(['build', 'ts'], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('src/index.ts:1:8 error Could not resolve "not-installed"'),
  });
  expect(await readFile(join(cwd, 'ts/dist/index.js'), 'utf8')).toBe(before);

  await callCommand(['init', 'js', '--language', 'javascript'], { cwd });
  expect(await callCommand(['build', 'js'], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('nothing to build'),
  });
});

test('init writes into no folder that holds something', async () => {
  const cwd = await temporaryFolder();
  await mkdir(join(cwd, 'weather'));
  await writeFile(join(cwd, 'weather/notes'), 'mine');
  expect(await callCommand(['init', 'weather'], { cwd })).toMatchObject({
    code: 1,
    stderr: 'weather already exists and is not empty.\n',
  });
  expect(await readdir(join(cwd, 'weather'))).toEqual(['notes']);
  await mkdir(join(cwd, 'empty'));
  expect(await callCommand(['init', 'empty', '--json'], { cwd })).toMatchObject({ code: 0 });
});

test('no command leaves a process', { timeout: 120_000 }, async () => {
  const cwd = await temporaryFolder();
  await callCommand(['init', 'weather'], { cwd });
  const commands = [
    ['validate', 'weather'],
    ['test', 'weather'],
    ['doctor', '--port', '0', '--connectors', 'none'],
  ];
  const running = commands.map((args) => startCommand(args, { cwd, detached: true }));
  // All that a command has started is in its group.
  const left = async (): Promise<string[]> => {
    const groups = new Set(running.map(({ pid }) => String(pid)));
    const stats = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const texts = await Promise.all(stats.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
    return texts.filter((text) => groups.has(text.slice(text.lastIndexOf(')')).split(' ')[3] ?? ''));
  };
  await vi.waitFor(async () => expect((await left()).length).toBeGreaterThan(running.length), { timeout: 60_000 });
  for (const { finished } of running) expect((await finished).code).toBe(0);
  await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 20_000, interval: 50 });
});
