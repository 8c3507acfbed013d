/** The process: first start, bad options, a port or a folder that is taken, signals. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { processUsage } from '../sandbox/supervisor/process-usage.ts';
import { createClient } from './support/client.ts';
import { callCommand, linesOf, runCommand } from './support/command.ts';
import { temporaryFolder, writeBundle } from './support/folders.ts';
import { installed } from './support/runtime.ts';
import { startServer } from './support/server.ts';
import { startArguments } from './support/start.ts';

test('the first start makes a token, prints it once and keeps its hash', async () => {
  const [data, connectors] = [await temporaryFolder(), await temporaryFolder()];
  const environment = { BULKHEAD_DATA: data, BULKHEAD_CONNECTORS: connectors };
  const first = await startServer(environment);
  await vi.waitFor(() => expect(first.stdout()).toMatch(/token.*: \S+\n(.|\n)*Dashboard: \S+\n/));
  const token = /token.*: (\S+)\n/.exec(first.stdout())?.[1] ?? '';
  expect(first.stderr()).not.toContain(token);
  expect(first.stdout()).toContain(`Dashboard: ${first.url}/#token=${token}\n`);
  expect((await createClient(first.url, token)('GET', '/tokenInfo')).status).toBe(200);
  for (const name of (await readdir(data)).filter((each) => each.startsWith('bulkhead.sqlite'))) {
    expect(await readFile(join(data, name), 'latin1')).not.toContain(token);
  }
  expect((await first.stop('SIGTERM')).code).toBe(0);

  const second = await startServer(environment);
  expect((await createClient(second.url, token)('GET', '/tokenInfo')).status).toBe(200);
  expect(second.stdout()).toContain(`Dashboard: ${second.url}/\n`);
  expect(second.stdout()).not.toContain('token');
});

test('--help prints the options and ends with 0', async () => {
  const { code, stdout } = await runCommand(['--help']);
  expect([code, stdout]).toEqual([0, expect.stringContaining('BULKHEAD_RUN_TIMEOUT_MS')]);
});

test('a wrong command line is one sentence and exit code 2', async () => {
  const { code, stderr } = await runCommand(['nope']);
  expect([code, stderr]).toEqual([2, 'nope is not a command. --help lists them.\n']);
});

test('a host that is none is one sentence and exit code 1', async () => {
  const connectors = await temporaryFolder();
  const environment = { BULKHEAD_HOST: '192.0.2.1', BULKHEAD_PORT: '0', BULKHEAD_CONNECTORS: connectors };
  const { code, stderr } = await runCommand([], {
    environment: { ...environment, BULKHEAD_DATA: await temporaryFolder(), BULKHEAD_LOG: 'silent' },
  });
  expect([code, stderr.trimEnd().split('\n')]).toEqual([1, [expect.stringContaining('192.0.2.1 is not an address')]]);
});

test('a port in use is one sentence and exit code 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const folders = { BULKHEAD_DATA: await temporaryFolder(), BULKHEAD_CONNECTORS: await temporaryFolder() };
  const environment = { ...folders, BULKHEAD_PORT: String(port), BULKHEAD_LOG: 'silent' };
  const { code, stderr } = await runCommand([], { environment });
  taken.close();
  expect([code, stderr]).toEqual([1, `Port ${port} on 127.0.0.1 is in use by another process.\n`]);
});

test('a data folder that another process has is refused with its name; one that is a file too', async () => {
  const data = await temporaryFolder();
  const first = await startServer({ BULKHEAD_DATA: data, BULKHEAD_CONNECTORS: await temporaryFolder() });
  const second = await runCommand([], {
    environment: { BULKHEAD_DATA: data, BULKHEAD_PORT: '0', BULKHEAD_LOG: 'silent' },
  });
  expect([second.code, second.stderr]).toEqual([
    1,
    expect.stringMatching(/^The data folder .* is in use by process \d+ on .*\.\n$/),
  ]);
  expect((await createClient(first.url, undefined)('GET', '/healthz')).status).toBe(200);

  const file = join(await temporaryFolder(), 'file');
  await writeFile(file, '');
  const third = await runCommand([], {
    environment: { BULKHEAD_DATA: file, BULKHEAD_PORT: '0', BULKHEAD_LOG: 'silent' },
  });
  expect([third.code, third.stderr.trimEnd().split('\n')]).toEqual([1, [expect.stringContaining('is not a folder')]]);
});

test('a data file that is cut off is reported and harms nothing else', async () => {
  const data = await temporaryFolder();
  const environment = {
    BULKHEAD_DATA: data,
    BULKHEAD_TOKEN: 'a-token',
    BULKHEAD_CONNECTORS: await temporaryFolder(),
  };
  const first = await startServer(environment);
  const client = createClient(first.url, 'a-token');
  const [good, bad] = [
    await client('POST', '/integrations', { name: 'good' }),
    await client('POST', '/integrations', { name: 'bad' }),
  ];
  const file = join(data, 'integrations', `${bad.body._id}.json`);
  // An orderly end leaves no log to mend the file from.
  await first.stop('SIGTERM');
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, 50));

  const second = await startServer(environment);
  const again = createClient(second.url, 'a-token');
  expect((await again('GET', '/integrations')).body).toEqual([good.body]);
  await again('GET', '/connectors');
  const ready = await again('GET', '/readyz');
  expect([ready.status, ready.body.reasons]).toEqual([
    200,
    [expect.stringContaining(`${bad.body._id}.json is damaged`)],
  ]);
  expect((await readdir(join(data, 'integrations'))).filter((name) => name.endsWith('.damaged'))).toHaveLength(1);
});

test('a run that is given time to end may write, and is waited for although its client has gone', async () => {
  const connectors = await temporaryFolder();
  await writeBundle(connectors, 'a', {
    code: `exports.utilities = { async f({ _integrationId }) {
      console.log('running');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await fetch('/integrations/' + _integrationId, { method: 'PUT', body: '{"name":"written"}' });
    } }`,
  });
  const data = await temporaryFolder();
  const server = await startServer({ BULKHEAD_TOKEN: 'a-token', BULKHEAD_DATA: data, BULKHEAD_CONNECTORS: connectors });
  const client = createClient(server.url, 'a-token');
  const { body: rows } = await client('GET', '/connectors');
  const { body } = await client('POST', `/integrations/${rows[0]._id}/install`);
  const leaving = new AbortController();
  const left = fetch(`${server.url}/integrations/${body._id}/utilities/f`, {
    method: 'PUT',
    headers: { authorization: 'Bearer a-token' },
    signal: leaving.signal,
  }).catch((error: Error) => error.name);
  await vi.waitFor(() => expect(server.stderr()).toContain('running'));
  leaving.abort();
  expect(await left).toBe('AbortError');
  expect((await server.stop('SIGTERM')).code).toBe(0);
  const stored = JSON.parse(await readFile(join(data, 'integrations', `${body._id}.json`), 'utf8'));
  expect(stored.integration.name).toBe('written');
});

test.each([
  ['admin.json', '{"tokenHash":', "hash of the administrator's token is damaged"],
  ['admin.json', '{"tokenHash":"xx"}', "hash of the administrator's token is damaged"],
  ['lock', 'x'.repeat(5000), 'is not a lock of this server'],
])('a damaged %s is one sentence and exit code 1', async (name, text, sentence) => {
  const data = await temporaryFolder();
  await writeFile(join(data, name), text);
  const environment = { BULKHEAD_DATA: data, BULKHEAD_PORT: '0', BULKHEAD_CONNECTORS: await temporaryFolder() };
  const { code, stderr } = await callCommand(['start'], { environment });
  expect([code, linesOf(stderr)]).toEqual([1, [expect.stringContaining(sentence)]]);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s drains: a running call is answered, no new request is taken',
  async (signal) => {
    const connectors = await temporaryFolder();
    await writeBundle(connectors, 'a', {
      code: 'exports.utilities = { f: () => { console.log("running"); return new Promise((resolve) => setTimeout(resolve, 1000, "done")) } }',
    });
    const server = await startServer({
      BULKHEAD_TOKEN: 'a-token',
      BULKHEAD_DATA: await temporaryFolder(),
      BULKHEAD_CONNECTORS: connectors,
    });
    const client = createClient(server.url, 'a-token');
    const { body: rows } = await client('GET', '/connectors');
    const { body } = await client('POST', `/integrations/${rows[0]._id}/install`);
    const running = client('PUT', `/integrations/${body._id}/utilities/f`);
    await vi.waitFor(() => expect(server.stderr()).toContain('running'));
    const stopped = server.stop(signal);
    expect((await running).body).toBe('done');
    expect((await stopped).code).toBe(0);
    await expect(client('GET', '/healthz')).rejects.toThrow();
  },
);

test.skipIf(process.platform === 'win32').each<[string, readonly string[]]>([
  ['as npm start does', startArguments],
  ['without flags', ['--import', './src/compile-cache.js', 'src/main.ts']],
])('SIGUSR1 opens no debugger, started %s', async (_how, args) => {
  const folders = { BULKHEAD_DATA: await temporaryFolder(), BULKHEAD_CONNECTORS: await temporaryFolder() };
  const server = await startServer({ BULKHEAD_TOKEN: 'a-token', ...folders }, [], args);
  const client = createClient(server.url, 'a-token');
  process.kill(server.pid, 'SIGUSR1');
  for (let i = 0; i < 20; i++) expect((await client('GET', '/tokenInfo')).status).toBe(200);
  expect((await server.stop('SIGTERM')).code).toBe(0);
  expect(server.stderr()).not.toContain('Debugger');
});

test('the same signal opens one in a program that does nothing about it', async () => {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setTimeout(() => {}, 60_000)'], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.kill('SIGUSR1');
  // Whatever becomes of its port.
  expect(String((await once(child.stderr, 'data'))[0])).toMatch(/debugger|inspector/i);
});

test.skipIf(process.platform === 'win32')('SIGTERM to npm start ends the server, and lets it drain', async () => {
  const folders = { BULKHEAD_DATA: await temporaryFolder(), BULKHEAD_CONNECTORS: await temporaryFolder() };
  const npm = spawn('npm', ['start'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PATH: process.env.PATH ?? '', BULKHEAD_PORT: '0', BULKHEAD_TOKEN: 'a-token', ...folders },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, log] = ['', ''];
  npm.stderr.setEncoding('utf8').on('data', (text) => {
    log += `${text}`;
  });
  npm.stdout.setEncoding('utf8').on('data', (text) => {
    out += `${text}`;
  });
  await vi.waitFor(() => expect(out).toMatch(/listening on http/), { timeout: 25_000 });
  const url = /listening on (http:\S+)/.exec(out)?.[1] as string;
  const { pid } = JSON.parse(log.split('\n').find((line) => line.includes('"listening"')) as string);
  onTestFinished(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has gone, as it should.
    }
  });
  expect((await createClient(url, 'a-token')('GET', '/tokenInfo')).status).toBe(200);
  npm.kill('SIGTERM');
  await once(npm, 'close');
  expect(log).toContain('"event":"stopping","signal":"SIGTERM"');
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

/** The compartments among these processes; of one parent alone, if it is given. */
async function compartmentsAmong(pids: Iterable<string>, parent?: number): Promise<string[]> {
  const found: string[] = [];
  for (const pid of pids) {
    // Gone, or not yet reaped: it has neither.
    const [command, status] = await Promise.all(
      ['cmdline', 'status'].map((name) => readFile(join('/proc', pid, name), 'utf8').catch(() => '')),
    );
    const isChild = parent === undefined || new RegExp(`^PPid:\\s+${parent}$`, 'm').test(status ?? '');
    if (isChild && /sandbox.process.main\.[jt]s/.test(command ?? '')) found.push(pid);
  }
  return found;
}

test.skipIf(!existsSync('/proc/self/status')).each([
  ['that wait for work', []],
  ['with a call that waits', ['waits']],
  ['with a call that nothing interrupts', ['is-stuck']],
  ['of both kinds', ['waits', 'is-stuck']],
])('compartments %s end when the server is killed', async (_which, called) => {
  const [data, connectors] = [await temporaryFolder(), await temporaryFolder()];
  const section = (f: string): string =>
    `exports.utilities = { f: async () => { console.log('began'); await new Promise((resolve) => setTimeout(resolve, 1)); ${f} } }`;
  await writeBundle(connectors, 'waits', {
    code: section('await new Promise((resolve) => setTimeout(resolve, 60_000))'),
  });
  await writeBundle(connectors, 'is-stuck', {
    code: section('Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)'),
  });
  const server = await startServer({ BULKHEAD_TOKEN: 'a-token', BULKHEAD_DATA: data, BULKHEAD_CONNECTORS: connectors });
  const client = createClient(server.url, 'a-token');
  const ids = [await installed(client, 'waits'), await installed(client, 'is-stuck')];
  const compartmentsNow = async (): Promise<string[]> => compartmentsAmong(await readdir('/proc'), server.pid);
  const cpuMs = async (): Promise<number> =>
    (await compartmentsNow()).reduce((sum, pid) => sum + (processUsage(Number(pid))?.cpuMs ?? 0), 0);

  const beforeMs = await cpuMs();
  const names = ['waits', 'is-stuck'];
  for (const name of called) client('PUT', `/integrations/${ids[names.indexOf(name)]}/utilities/f`).catch(() => {});
  await vi.waitFor(() => expect(server.stderr().split('began')).toHaveLength(called.length + 1), 10_000);
  if (called.includes('is-stuck'))
    await vi.waitFor(async () => expect((await cpuMs()) - beforeMs).toBeGreaterThan(500), 10_000);
  const compartments = await compartmentsNow();
  expect(compartments.length).toBeGreaterThanOrEqual(ids.length);
  await server.stop('SIGKILL');
  await vi.waitFor(async () => expect(await compartmentsAmong(compartments)).toEqual([]), { timeout: 5_000 });
});

/** A server whose log is read by nobody, and which has more to say than a pipe takes. */
async function startUnread(requests: number): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  const environment = { PATH: process.env.PATH ?? '', BULKHEAD_PORT: '0', BULKHEAD_TOKEN: 'a-token' };
  const folders = { BULKHEAD_DATA: await temporaryFolder(), BULKHEAD_CONNECTORS: await temporaryFolder() };
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...environment, ...folders },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  const url = await new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += `${text}`;
      const found = /listening on (http:\S+)\n/.exec(out)?.[1];
      if (found) resolve(found);
    });
  });
  const client = createClient(url, 'a-token');
  for (let i = 0; i < requests; i++) expect((await client('GET', '/tokenInfo')).status).toBe(200);
  return child;
}

test('a log that nobody reads does not hold up the server, and ends whole', async () => {
  const requests = 1_500;
  const child = await startUnread(requests);
  let lines = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    lines += `${text}`;
  });
  child.kill('SIGTERM');
  await once(child, 'close');
  const told = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(told.filter(({ event }) => event === 'request')).toHaveLength(requests);
  expect(told.at(-1)).toMatchObject({ event: 'stopping' });
});

test('nor does it hold up the end', async () => {
  const child = await startUnread(1_500);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});
