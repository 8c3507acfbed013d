/** A connector written for integrator.io is built as it is, and does all of its life on a real server. */
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callCommand, type Finished } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';
import { connectorIdOf, installed, serve } from '../support/runtime.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The shop: one order, for who has the password. */
async function startShop(): Promise<string> {
  const server = createServer((request, response) => {
    const isKnown = request.headers.authorization === `Basic ${btoa('key:right')}`;
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKnown ? { orders: [{ id: 1 }], url: request.url } : {}));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A copy with its packages, as after `npm install`. */
async function oldConnector(shop: string): Promise<string> {
  const folder = join(await temporaryFolder(), 'shop-sync');
  await cp(join(root, 'test/author/old-connector'), folder, { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'config.json'), JSON.stringify({ shop: { baseURI: shop, helpURL: 'https://a.test' } }));
  return folder;
}

const ownWarnings = ({ stderr }: Finished): string[] =>
  stderr.split('\n').filter((line) => line !== '' && !line.includes('node_modules'));

test('from its folder to an installed integration, and away again', { timeout: 120_000 }, async () => {
  const shop = await startShop();
  const folder = await oldConnector(shop);
  const before = await readdir(folder, { recursive: false });
  const connectors = await temporaryFolder();
  const built = await callCommand(['build', folder, '--output', join(connectors, 'shop-sync'), '--json']);
  expect([built.code, ownWarnings(built)]).toEqual([0, []]);
  expect(JSON.parse(built.stdout).findings).toContainEqual({
    severity: 'warning',
    file: 'lib/logger.js',
    line: 4,
    column: 10,
    message: expect.stringContaining('the environment variable SHOP_SYNC_LOG_LEVEL is undefined'),
  });
  const derived = {
    installerFunction: 'connectorInstallerFunction',
    updateFunction: 'connectorUpdateFunction',
    preUninstallFunction: 'preUninstallFunction',
    uninstallerFunction: 'connectorUninstallerFunction',
    permissions: { fetch: [shop] },
  };
  expect(JSON.parse(built.stdout)).toMatchObject({ built: true, derived: { ...derived, permissions: shop } });
  expect(JSON.parse(await readFile(join(connectors, 'shop-sync/package.json'), 'utf8'))).toEqual({
    name: 'shop-sync',
    version: '1.2.0',
    description: 'Orders of a shop',
    license: 'MIT',
    main: 'index.js',
    connector: derived,
  });
  expect(await readdir(folder, { recursive: false })).toEqual(before);

  const { client } = await serve({}, { connectors, allowPrivateNetwork: '127.0.0.1' });
  const id = await installed(client, 'shop-sync');
  const { body: integration } = await client('GET', `/integrations/${id}`);
  expect(integration).toMatchObject({ mode: 'install', install: [{ name: 'Shop', completed: false }] });
  const { body: connection } = await client('GET', `/connections/${integration.install[0]._connectionId}`);
  expect(connection).toMatchObject({ name: 'Shop', http: { baseURI: shop } });
  const { body: exports } = await client('GET', '/exports');
  expect(exports).toMatchObject([{ name: 'Orders', _connectionId: connection._id, _integrationId: id }]);

  const call = async (section: string, name: string, body: object = {}) => {
    const reply = await client('PUT', `/integrations/${id}/${section}/${name}`, body);
    return reply.body;
  };
  expect(await call('installer', 'verifyShop', { formVal: { password: 'wrong' } })).toEqual({
    errors: [{ code: 'shop_sign_in', message: 'The shop does not know this password.' }],
  });
  expect(await call('installer', 'verifyShop', { formVal: { password: 'right' } })).toMatchObject({ success: true });
  expect((await client('GET', `/integrations/${id}`)).body.mode).toBe('settings');

  expect(await call('settings', 'refreshMetadata', { at: '2020-02-29T23:30:00Z' })).toEqual({
    options: ['bye.hbs', 'thanks.hbs'],
    texts: ['Good bye, {{name}}.', 'Thank you, {{name}}.'],
    day: '2020-02-29',
    hasCache: false,
  });
  expect(await call('settings', 'persistSettings', { pending: { prefix: 'SO-' } })).toMatchObject({ success: true });
  const { settings } = (await client('GET', `/integrations/${id}`)).body;
  expect(settings.sections[0].fields[0].value).toBe('SO-');

  // What the loggers say are the lines of their runs.
  const { body: runs } = await client('GET', `/integrations/${id}/runs`);
  const linesOf = async (name: string) => {
    const found = runs.findLast((run: { function: string }) => run.function === name);
    return (await client('GET', `/integrations/${id}/runs/${found._id}`)).body.log;
  };
  expect(await linesOf('connectorInstallerFunction')).toMatchObject([
    { message: expect.stringContaining(`installing {"integration":"${id}"}`) },
  ]);
  expect(await linesOf('verifyShop')).toMatchObject([{ message: expect.stringContaining('orders in the shop: 1') }]);

  const _connectorId = await connectorIdOf(client, 'shop-sync');
  const asStack = async (type: string, name: string, options: object) =>
    (await client('POST', '/function', { _connectorId, type, function: name, options })).body;
  const page = { data: [{ id: 1 }], errors: [], lastExportDateTime: '2020-02-29T00:00:00.000Z' };
  expect(await asStack('hook', 'addDay', page)).toEqual({ data: [{ id: 1, since: '29.02.2020' }], errors: [] });
  const ping = { connection: { encrypted: { password: 'right' } } };
  expect(await asStack('wrapper', 'pingShop', ping)).toEqual({ statusCode: 200 });

  expect(await call('uninstaller', 'preUninstallFunction')).toMatchObject([{ uninstallerFunction: 'forgetShop' }]);
  expect(await call('uninstaller', 'forgetShop')).toEqual({ success: true });
  expect((await client('DELETE', `/integrations/${id}/install`)).status).toBe(200);
  expect((await client('GET', '/connections')).body).toEqual([]);
});

/** A folder with these files; `package.json` has a name and a version unless given. */
async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = join(await temporaryFolder(), 'old');
  const all = { 'package.json': '{\n  "name": "old",\n  "version": "1.0.0",\n  "main": "index.js"\n}', ...files };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

const manifestIn = async (folder: string) => JSON.parse(await readFile(join(folder, 'bundle/package.json'), 'utf8'));

describe('what is told from the code', () => {
  test('functions by their usual names, origins by their addresses; what cannot be told is said', async () => {
    const folder = await folderWith({
      'index.js': `var lib = require('./lib'); exports.installer = { installConnector: lib, install: lib, step: lib }; exports.uninstaller = { uninstallConnector: lib };
exports.settings = { imageURL: 'https://images.example.com/a.png', texts: 'see https://not-called.example.com' };`,
      'lib.js': `var request = require('./request'), HOST = 'https://fixed.example.com';
module.exports = function (options, callback) {
  request(HOST + options.path); request('https://' + options.shop + '.shops.example.com/admin'); request(\`http://plain.example.com:8080/\${options.id}\`);
  request('https://api.integrator.io/v1/exports'); request('http://www.w3.org/2001/XMLSchema'); request('https://eu.example.com' + '/a');
  request('https://' + options.host + '/x');
  request(\`https://api-\${options.region}.example.com\`); callback();
};`,
      'request.js': `module.exports = require('./urls.json');`,
      'urls.json':
        '{ "baseURI": "https://{{connection.account}}.json.example.com/v1", "docs": "https://docs.example.com", "list": [{ "url": "https://json.example.com" }] }',
    });
    const built = await callCommand(['build', folder]);
    expect(built.stderr.split('\n')).toEqual([
      expect.stringMatching(
        /^package\.json:1:1 warning installerFunction may be installConnector or install: set "installerFunction" in "connector"/,
      ),
      expect.stringMatching(/^lib\.js:5:11 warning the host of this address is not known at build time/),
      expect.stringMatching(/^lib\.js:6:11 warning the host of this address is not known at build time/),
      '',
    ]);
    expect(built.stdout).toMatch(
      /\n {2}uninstallerFunction +uninstallConnector\n {2}permissions +http:\/\/plain\.example\.com:8080, /,
    );
    expect((await manifestIn(folder)).connector).toEqual({
      uninstallerFunction: 'uninstallConnector',
      permissions: {
        fetch: [
          'https://*.json.example.com',
          'https://*.shops.example.com',
          'https://eu.example.com',
          'https://fixed.example.com',
          'https://json.example.com',
          'http://plain.example.com:8080',
        ].sort(),
      },
    });
  });

  test('what package.json says comes first', async () => {
    const own = { installerFunction: 'go', permissions: { fetch: [] }, title: 'Old' };
    const folder = await folderWith({
      'package.json': JSON.stringify({ name: 'old', version: '1.0.0', connector: own }),
      'index.js': `var lib = require('./lib'); exports.installer = { installConnector: lib, go: lib };`,
      'lib.js': `module.exports = function () { return 'https://a.example.com/'; };`,
    });
    // The second build replaces what the first has made.
    for (let i = 0; i < 2; i++) expect((await callCommand(['build', folder, '--legacy'])).code).toBe(0);
    expect((await manifestIn(folder)).connector).toEqual(own);
  });

  test('a connector that installs by no usual name', async () => {
    const folder = await folderWith({
      'index.js': 'exports.installer = { begin: function (o, callback) { callback(); } };',
    });
    const { code, stderr } = await callCommand(['validate', folder]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('no function of installer (begin) has the usual name')]);
  });
});

describe('folders that say too little', () => {
  const flat =
    'module.exports = { preSavePage: function (options, callback) { callback(null, { data: options.data }); } };';

  test('functions without sections are recognized with --legacy', async () => {
    const folder = await folderWith({ 'index.js': flat });
    const without = await callCommand(['build', folder]);
    expect([without.code, without.stderr]).toEqual([1, expect.stringContaining('use build --legacy')]);
    expect((await callCommand(['build', folder, '--legacy'])).code).toBe(0);
    expect((await manifestIn(folder)).connector).toEqual({ diy: true });
  });

  test('a main that serves connectors: --entry names one', async () => {
    const folder = await folderWith({
      'index.js': `var server = require('integrator-extension'); server.loadConfiguration({ diy: require('./diy') }); exports.settings = {};`,
      'diy.js': flat,
    });
    const { code, stderr } = await callCommand(['build', folder]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('index.js starts a server for old connectors')]);
    const packed = await callCommand(['pack', folder, '--entry', 'diy.js', '--json'], { cwd: folder });
    expect([packed.code, JSON.parse(packed.stdout).packed]).toEqual([0, true]);
  });

  test.each([
    ['a file that is not there', ['--entry', 'none.js'], 'there is no none.js in this folder'],
    ['a file outside', ['--entry', '../outside.js'], 'there is no ../outside.js in this folder'],
    ['code without functions', ['--entry', 'empty.js'], 'exports no functions'],
    ['code that fails', ['--entry', 'fails.js'], 'does not load: broken (fails.js:1:'],
  ])('%s', async (_what, flags, problem) => {
    const folder = await folderWith({
      'empty.js': 'exports.a = 1;',
      'fails.js': `throw new Error('broken');`,
      '../outside.js': flat,
    });
    const { code, stderr } = await callCommand(['build', folder, ...flags]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(problem)]);
    expect(await readdir(folder)).not.toContain('bundle');
  });

  test('a folder with something else is not written to', async () => {
    const folder = await folderWith({ 'index.js': flat, 'bundle/package.json': '{"name":"other"}' });
    for (const flags of [[], ['--output', folder]]) {
      const { code, stderr } = await callCommand(['build', folder, '--legacy', ...flags]);
      expect([code, stderr]).toEqual([1, expect.stringContaining('holds something else')]);
    }
    expect(await readFile(join(folder, 'bundle/package.json'), 'utf8')).toBe('{"name":"other"}');
  });
});
