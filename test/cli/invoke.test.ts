/** `bulkhead invoke` and `bulkhead token`, against real servers. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createClient } from '../support/client.ts';
import { callCommand, linesOf, runCommand } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';
import { installed, serve, TOKEN } from '../support/runtime.ts';
import { startServer } from '../support/server.ts';

const CODE = `exports.settings = {
  echo: ({ city, days }) => ({ city, days }),
  say() { console.log('said'); console.error('größer'); return null; },
  never: (options, callback) => {},
  fail() { throw Object.assign(new Error('closed\\nfor today'), { code: 'shop_closed' }); },
};`;

test('invoke calls a function by id or name of an integration, with a body from an argument, a file or stdin', async () => {
  const { runtime, client } = await serve({ shop: { code: CODE } });
  const id = await installed(client, 'shop', { name: 'Größer & Söhne' });
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'body.json'), '{"city":"Bergen"}');
  const environment = { BULKHEAD_URL: `${runtime.url}/`, BULKHEAD_TOKEN: TOKEN };
  const invoke = (args: string[], input?: string) =>
    callCommand(['invoke', ...args], { cwd, environment, ...(input === undefined ? {} : { input }) });

  const call = ['settings', 'echo'];
  expect(await invoke([id, ...call])).toEqual({ code: 0, stdout: '{}\n', stderr: '' });
  expect((await invoke(['Größer & Söhne', ...call, '--body', '{"city":"Oslo","days":2}'])).stdout).toBe(
    '{"city":"Oslo","days":2}\n',
  );
  expect((await invoke([id, ...call, '--body', '@body.json'])).stdout).toBe('{"city":"Bergen"}\n');
  expect((await invoke([id, ...call, '--body', '-'], '{"days":3}')).stdout).toBe('{"days":3}\n');
  expect(await invoke([id, ...call, '--body', '@nowhere.json'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('nowhere.json cannot be read (ENOENT)'),
  });
  expect(await invoke([id, 'settings', 'say', '--logs'])).toEqual({
    code: 0,
    stdout: 'null\n',
    stderr: 'info said\nerror größer\n',
  });

  expect(await invoke([id, 'settings', 'fail'])).toEqual({
    code: 1,
    stdout: '',
    // The line is in the run's record alone.
    stderr: 'shop_closed: closed\nfor today\n    at Object.fail (shop/index.js:5:32)\n',
  });
  const asJson = await invoke([id, 'settings', 'fail', '--json']);
  expect([asJson.code, JSON.parse(asJson.stdout)]).toEqual([
    1,
    { errors: [{ code: 'shop_closed', message: 'closed\nfor today' }] },
  ]);
  expect(await invoke([id, 'settings', 'eco'])).toMatchObject({
    code: 1,
    stderr: 'invalid_function: The section settings has no function eco.\n',
  });
  expect(await invoke([id, 'settings', 'never'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^never_answered: settings\.never ended without an answer, .* await /),
  });
  expect(await invoke([id, 'settings', '../echo'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('invalid_function'),
  });
  expect(await invoke(['f'.repeat(24), ...call])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not_found'),
  });
  expect(await invoke(['nobody', ...call])).toMatchObject({
    code: 1,
    stderr: 'There is no integration named nobody.\n',
  });
  await installed(client, 'shop', { name: 'Größer & Söhne' });
  expect(await invoke(['Größer & Söhne', ...call])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('2 integrations are named'),
  });

  const onTerminal = await callCommand(['invoke', id, ...call, '--body', '{"days":1}'], {
    cwd,
    environment,
    isTTY: true,
  });
  expect(onTerminal.stdout).toBe('{\n  "days": 1\n}\n');
});

test('invoke prints one sentence for a missing token, a wrong token or no server', async () => {
  const { runtime } = await serve();
  const invoke = async (environment: Record<string, string>) => {
    const { code, stderr } = await callCommand(['invoke', 'a', 'settings', 'f'], { environment });
    expect([code, linesOf(stderr)]).toEqual([1, [expect.any(String)]]);
    return stderr;
  };
  expect(await invoke({ BULKHEAD_URL: runtime.url })).toContain('BULKHEAD_TOKEN or --token');
  expect(await invoke({ BULKHEAD_URL: runtime.url, BULKHEAD_TOKEN: 'wrong' })).toContain(
    'A valid bearer token is required',
  );
  expect(await invoke({ BULKHEAD_URL: 'http://127.0.0.1:1', BULKHEAD_TOKEN: 'wrong' })).toContain(
    'does not answer at http://127.0.0.1:1',
  );
});

test('token replaces the token at the next start; the folder stores only its hash', async () => {
  const data = await temporaryFolder();
  const environment = { BULKHEAD_DATA: data, BULKHEAD_CONNECTORS: await temporaryFolder() };
  const created = await runCommand(['token'], { environment });
  expect(created).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S{32}\n$/), stderr: '' });
  const token = created.stdout.trim();
  const file = join(data, 'bulkhead.sqlite');
  expect(await readFile(file, 'latin1')).not.toContain(token);
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  const server = await startServer(environment);
  const withNewToken = createClient(server.url, token);
  expect((await withNewToken('GET', '/tokenInfo')).status).toBe(200);
  const again = await callCommand(['token', '--json'], { environment });
  const { token: next, takesRestart } = JSON.parse(again.stdout);
  expect([again.code, again.stderr, takesRestart]).toEqual([0, '', true]);
  expect((await callCommand(['token'], { environment })).stderr).toMatch(/in use by process \d+ on .*: restart it/);
  // The running server keeps its token.
  expect((await withNewToken('GET', '/tokenInfo')).status).toBe(200);
  expect((await createClient(server.url, next)('GET', '/tokenInfo')).status).toBe(401);
});
