/** `bulkhead copy`: everything moves between folders and databases, and interrupted copies can be completed. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { hashToken } from '../../src/api/token-hash.ts';
import { bundles } from '../../src/store/copy/bundles.ts';
import { documentFrom } from '../../src/store/document.ts';
import { activeStatuses, jobStatuses, type StoredJob } from '../../src/store/jobs.ts';
import { openStorage } from '../../src/store/open-storage.ts';
import { openForCommand } from '../../src/store/postgres/command-access.ts';
import type { Storage, StoredRun } from '../../src/store/storage.ts';
import { allOf } from '../support/all-of.ts';
import { type Client, createClient } from '../support/client.ts';
import { callCommand, type Finished } from '../support/command.ts';
import { documentOf, newId } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';
import { errorOf, jobOf } from '../support/job-records.ts';
import { httpServer } from '../support/outbound.ts';
import { emptyDatabase, newDatabase, rowsOf } from '../support/postgres-nodes.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { RecordedJobs } from '../support/recorded-jobs.ts';
import { connectorIdOf, serve } from '../support/runtime.ts';
import { walkApi, walkedRoutes } from '../support/walk-api.ts';

const INTEGRATIONS = 50;
const LONG_MS = 120_000;
const SECRET = 'a-secret-of-größe';
const CODE = `exports.settings = {
  greet({ name, fails }) {
    console.log('Grüße, ' + name + '\\u0000\\ud800');
    if (fails) throw new Error('größer');
    return { name };
  },
};`;

const copy = (from: string, to: string, ...flags: string[]): Promise<Finished> =>
  callCommand(['copy', '--from', from, '--to', to, ...flags]);

/** Makes integrations of all kinds over HTTP. @returns the id of a connection with credentials */
async function fill(client: Client, connectorId: string, origin: string): Promise<string> {
  const numbers = Array.from({ length: INTEGRATIONS }, (_, n) => n);
  for (let at = 0; at < INTEGRATIONS; at += 20) {
    await Promise.all(numbers.slice(at, at + 20).map((n) => fillOne(client, n)));
  }
  const { body: large } = await client('POST', '/integrations', {
    name: 'large',
    settings: { all: 'ä'.repeat(400_000) },
  });
  for (let n = 0; n < 10; n++) {
    const text = `${n}${'ü€'.repeat(180_000)}`;
    await client('POST', '/exports', { name: 'large', _integrationId: large._id, text });
  }
  const { body: installed } = await client('POST', `/integrations/${connectorId}/install`, { tag: 'eu' });
  const path = `/integrations/${installed._id}`;
  for (const name of ['Ada', 'Jörg', 'Zoë']) await client('PUT', `${path}/settings/greet`, { name });
  await client('PUT', `${path}/settings/greet`, { name: 'n', fails: true });
  await client('POST', '/accesstokens', { name: 'Größe', scope: 'read', autoPurgeAt: '2100-01-01' });
  await client('POST', '/accesstokens', { name: 'b', scope: 'integrations', _integrationIds: [installed._id] });
  const provider = { authURI: 'https://a.example/auth', tokenURI: 'https://a.example/token' };
  const oauthClient = { name: 'Größe', clientId: 'c', clientSecret: SECRET, ...provider };
  expect((await client('POST', '/iClients', { ...oauthClient, clientCredentialsLocation: 'body' })).status).toBe(201);
  const auth = { type: 'token', token: { token: SECRET, scheme: ' ' } };
  const http = { baseURI: origin, auth };
  const { body: connection } = await client('POST', '/connections', { name: 'n', _integrationId: installed._id, http });
  return connection._id;
}

async function fillOne(client: Client, n: number): Promise<void> {
  const { body } = await client('POST', '/integrations', nameOf(n), { 'idempotency-key': `key-${n}` });
  const own = { _integrationId: body._id };
  const { body: connection } = await client('POST', '/connections', { ...own, name: `ä${n}`, type: 'http' });
  const { body: exported } = await client('POST', '/exports', { ...own, name: 'e', _connectionId: connection._id });
  await client('POST', '/flows', { ...own, name: 'f \ud800 \0', _exportId: exported._id });
  await client('PUT', `/exports/${exported._id}`, { ...exported, name: 'größer' });
  const keys = n % 50 === 0 ? ['b', '7', 'größe', 'a"\\\0b', '10'] : ['b'];
  for (const key of keys) await client('PUT', `/integrations/${body._id}/state/${encodeURIComponent(key)}`, { n });
}

const nameOf = (n: number) => ({ name: `Größe ${n}`, tag: `t${n % 3}`, settings: { [n]: n, ä: ['ß', null] } });

test('folder → database → folder: every reply is the same, byte for byte, and all that is secret still opens', {
  timeout: LONG_MS,
}, async () => {
  const seen: (string | undefined)[] = [];
  const port = await httpServer(({ headers }, response) => {
    seen.push(headers.authorization);
    response.end('{}');
  });
  const connectors = await temporaryFolder();
  const data = await temporaryFolder();
  const options = { connectors, allowPrivateNetwork: '127.0.0.1', token: undefined } as never as { token: string };
  const { code, stdout } = await callCommand(['token', '--data', data]);
  const token = stdout.trim();
  expect([code, token]).toEqual([0, expect.stringMatching(/^[\w-]{32}$/)]);
  const connector = { permissions: { fetch: ['https://a.example'] } };
  const served = await serve({ a: { connector, code: CODE } }, { ...options, data });
  const client = createClient(served.runtime.url, token);
  const connectionId = await fill(client, await connectorIdOf(client, 'a'), `http://127.0.0.1:${port}`);
  await served.runtime.close({ drainMs: 0 });
  await within(data, beginRun);
  const jobs = await within(data, addJobs);

  const [store, last] = [await emptyDatabase(), join(await temporaryFolder(), 'new')];
  const first = await copy(data, store);
  expect(first).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('the same content') });
  const second = await copy(store, last, '--json');
  expect([second.code, second.stderr]).toEqual([0, '']);
  const result = JSON.parse(second.stdout);
  expect(result).toEqual({
    from: expect.stringMatching(/^postgres:\/\/127\.0\.0\.1:\d+\/test_\w+$/),
    to: last,
    copied: {
      secretKey: 1,
      permissions: 1,
      bundles: 1,
      runs: 5,
      idempotencyKeys: INTEGRATIONS,
      audit: expect.any(Number),
      accessTokens: 2,
      oauthClients: 1,
      integrations: INTEGRATIONS + 2,
      jobs: jobs.length,
      messages: MESSAGES,
      adminToken: 1,
    },
    present: expect.objectContaining({ integrations: 0, adminToken: 0 }),
    notCopied: [],
  });
  // At least what was made and changed over HTTP.
  expect(result.copied.audit).toBeGreaterThan(5 * INTEGRATIONS);
  // All that is there may be copied again, in any direction.
  for (const [from, to] of [
    [last, data],
    [data, store],
  ] as const) {
    const again = JSON.parse((await copy(from, to, '--json')).stdout);
    expect([again.copied.integrations, again.present]).toEqual([0, result.copied]);
  }

  for (const at of [store, last]) await expectJobsGoOn(at, jobs);

  const walked: Map<string, string>[] = [];
  for (const place of [{ data }, { data: await temporaryFolder(), store, node: 'n' }, { data: last }]) {
    const { runtime } = await serve({}, { ...options, ...place });
    // Jobs that have not ended go on, and end at different times.
    walked.push(new Map([...(await walkApi(runtime.url, token))].filter(([path]) => !path.startsWith('/jobs'))));
    const own = createClient(runtime.url, token);
    expect((await own('GET', `/connections/${connectionId}/ping`)).status).toBe(200);
    const replayed = await own('POST', '/integrations', nameOf(7), { 'idempotency-key': 'key-7' });
    expect(replayed.headers.get('idempotent-replayed')).toBe('true');
    await runtime.close({ drainMs: 0 });
  }
  expect(seen).toEqual([SECRET, SECRET, SECRET]);
  const [before, inDatabase, after] = walked as [Map<string, string>, Map<string, string>, Map<string, string>];
  expect(before.size).toBeGreaterThan(INTEGRATIONS * 8);
  expect([...before.values()].filter((reply) => reply.startsWith('200 ')).length).toBeGreaterThan(INTEGRATIONS * 8);
  expect([...before].filter(([path, reply]) => /runs\/\w+$/.test(path) && reply.includes('cut_off'))).toHaveLength(1);
  expect(Object.fromEntries(inDatabase)).toEqual(Object.fromEntries(before));
  expect(Object.fromEntries(after)).toEqual(Object.fromEntries(before));
  await expectSameBundles(data, last);
});

const MESSAGES = 3;

/** One job of each status, with errors; and messages, whose ids are not in the order of their arrival. */
async function addJobs({ runs, jobs }: Storage): Promise<StoredJob[]> {
  const [_integrationId = ''] = await runs.integrationIds();
  const all = jobStatuses.map((status) => jobOf({ _integrationId, status, text: 'größe' }));
  for (const job of all) {
    await jobs.add(job);
    await jobs.errors.put(job, 0, [errorOf(job, 0, { data: '"ä"' }), errorOf(job, 0, { isResolved: true })]);
  }
  const exportId = newId();
  const messages = Array.from({ length: MESSAGES }, () => ({
    _id: newId(),
    integrationId: _integrationId,
    exportId,
    body: '"ä"',
  }));
  await jobs.messages.receive(messages.toReversed());
  return all;
}

/** What had not ended is handed out, and nothing else. */
async function expectJobsGoOn(store: string, all: readonly StoredJob[]): Promise<void> {
  await within(store, async ({ jobs }) => {
    const active = all.filter(({ status }) => activeStatuses.includes(status));
    const handedOut = new RecordedJobs(jobs);
    for (const job of active) await handedOut.start(job);
    for (const job of active) await handedOut.end(job);
    await jobs.stop();
    expect(handedOut.started).toHaveLength(active.length);
  });
}

/** Leaves a run running, like another that has ended. */
async function beginRun({ runs }: Storage): Promise<void> {
  const [integrationId = ''] = await runs.integrationIds();
  const [[run]] = (await allOf(runs.rowsOf(integrationId))) as [[StoredRun]];
  await runs.write({ running: [{ ...run, _id: newId(), outcome: 'running' } as StoredRun] });
}

test('the walk covers every list and item', () => {
  expect(walkedRoutes).toEqual(expect.arrayContaining(['/integrations/{_id}/runs/{runId}', '/flows/{_id}', '/tiles']));
});

async function expectSameBundles(...folders: readonly string[]): Promise<void> {
  const tarballs: unknown[] = [];
  for (const folder of folders) {
    await within(folder, async (storage) => {
      tarballs.push(await allOf(bundles.list({ storage, keys: { read: never, add: never } })));
    });
  }
  expect(tarballs[0]).toHaveLength(1);
  expect(tarballs[1]).toEqual(tarballs[0]);
}

const never = (): Promise<never> => Promise.reject(new Error('not used'));

/** Works on a store of the test, a folder or a database. */
async function within<T>(store: string, work: (storage: Storage) => Promise<T>): Promise<T> {
  const storage = store.startsWith('postgres') ? (await openForCommand(store)).storage : await openStorage(store);
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}

/** A folder with so many integrations. */
async function folderWith(count: number, text = 'ä'.repeat(2_000)): Promise<string> {
  const folder = await temporaryFolder();
  await within(folder, async ({ documents }) => {
    const all = Array.from({ length: count }, () => documentOf({ text }));
    await Promise.all(all.map((json) => documents.commit(json.integration._id, () => documentFrom(json))));
  });
  return folder;
}

const target = {
  folder: () => temporaryFolder(),
  database: () => newDatabase(),
} as const;

const digest = `sha256-${'a'.repeat(64)}`;
const creation = { kind: 'flows', id: newId(), status: 201 };
/** What a target may have that the source has not, or has in another way. */
const foreign: Readonly<Record<string, readonly [string, (storage: Storage) => Promise<unknown>]>> = {
  'another integration': [
    '1 integration',
    ({ documents }) => {
      const json = documentOf();
      return documents.commit(json.integration._id, () => documentFrom(json));
    },
  ],
  'a token': ["the administrator's token", ({ tokens }) => tokens.setAdminTokenHash(hashToken('t'))],
  permissions: ['the permissions of 1 connector', ({ permissions }) => permissions.put({ _id: newId() })],
  'a bundle': ['1 bundle', (storage) => storage.bundles.write(newId(), digest, Buffer.from('b'))],
  'a run': ['1 run', ({ runs }) => runs.write({ ended: [[{ _id: newId(), _integrationId: newId() }]] })],
  'a job and a message': [
    '1 job and 1 received message',
    async ({ jobs }) => {
      await jobs.add(jobOf({}));
      await jobs.messages.receive([{ _id: newId(), integrationId: newId(), exportId: newId(), body: '1' }]);
    },
  ],
  'an idempotency key': ['1 idempotency key', (storage) => storage.idempotency.begin('k', { request: 'r', creation })],
};

test.each(Object.entries(target))(
  'a %s with anything else in it is refused, and nothing is changed',
  async (_, make) => {
    const source = await folderWith(3);
    for (const [name, [phrase, add]] of Object.entries(foreign)) {
      const to = await make();
      await within(to, add);
      const { code, stderr } = await copy(source, to);
      expect([code, stderr], name).toEqual([
        1,
        `The target is not empty: it has ${phrase} that the source does not have. Nothing was changed.\n`,
      ]);
      const count = await within(to, ({ documents }) => allOf(documents.documents()));
      expect(count.length, name).toBe(name === 'another integration' ? 1 : 0);
    }
  },
);

test.each(Object.entries(target))('a %s with the same integration in another state is refused', async (_, make) => {
  const source = await folderWith(3);
  const to = await make();
  expect(await copy(source, to)).toMatchObject({ code: 0 });
  await within(to, async ({ documents }) => {
    const [document] = await allOf(documents.documents());
    const id = document?.integration.head._id ?? '';
    await documents.commit(id, (current) => current && { ...current, stateWrites: 7 });
  });
  const { code, stdout } = await copy(source, to, '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout).errors).toEqual([
    { code: 'target_not_empty', message: expect.stringContaining('it has 1 integration that') },
  ]);
});

test('a store that a server uses is refused, as source and as target, by name', async () => {
  const [store, folder] = [await emptyDatabase(), await folderWith(1)];
  const { runtime } = await serve({}, { store, node: 'the-node' });
  for (const [from, to] of [
    [store, await temporaryFolder()],
    [folder, store],
  ] as const) {
    const { code, stderr } = await copy(from, to);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^postgres:\S+ is in use by the node the-node: stop /)]);
  }
  await runtime.close({ drainMs: 0 });
  const { data } = await serve();
  for (const [from, to] of [
    [data, store],
    [folder, data],
  ] as const) {
    const { code, stderr } = await copy(from, to);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^The data folder \S+ is in use by process \d+/)]);
  }
  expect(await copy(store, await temporaryFolder())).toMatchObject({ code: 0 });
});

test.each(Object.entries(target))(
  'what a killed server left in a %s: requests are settled, runs are cut off',
  async (_, make) => {
    const [from, store] = [await make(), await emptyDatabase()];
    const [id, run] = [newId(), { _id: newId(), _integrationId: newId(), outcome: 'running' }];
    await within(from, async ({ idempotency, runs }) => {
      await idempotency.begin('k', { request: 'r', creation: { kind: 'flows', id, status: 201 } });
      await runs.write({ running: [run] });
    });
    expect(await copy(from, store)).toMatchObject({ code: 0 });
    const keys = 'SELECT key FROM bulkhead.idempotency_keys';
    expect(await rowsOf(store, keys)).toEqual([{ key: 'k' }]);
    await within(store, async ({ runs }) => {
      expect(await runs.find(run._integrationId, run._id)).toEqual({ ...run, outcome: 'cut_off' });
    });
    await serve({}, { store, node: 'n' });
    // It has made nothing, so that it may be sent again.
    expect(await rowsOf(store, keys)).toEqual([]);
  },
);

test.each(Object.entries(target))(
  'to a %s: lost and damaged permissions stay so, bundles keep their order',
  async (_, make) => {
    const [source, to, back] = [await folderWith(1), await make(), await temporaryFolder()];
    const [damaged, connectorId] = [newId(), newId()];
    const digests = ['c', 'a', 'b'].map((char) => `sha256-${char.repeat(64)}`);
    await within(source, async (storage) => {
      await storage.permissions.markLost();
      await storage.permissions.put({ _id: damaged, fetch: 'damaged' });
      for (const each of digests) await storage.bundles.write(connectorId, each, Buffer.from(each));
    });
    expect(await copy(source, to)).toMatchObject({ code: 0 });
    expect(await copy(to, back)).toMatchObject({ code: 0 });
    for (const store of [to, back]) {
      await within(store, async (storage) => {
        expect(storage.permissions.wereLost).toBe(true);
        expect(await storage.permissions.all()).toEqual([
          { connectorId: damaged, record: { _id: damaged, fetch: 'damaged' } },
        ]);
        expect(await storage.bundles.list()).toEqual(
          digests.toReversed().map((each) => ({ connectorId, digest: each })),
        );
      });
    }
  },
);

const PASSWORD = 'g3heim';
test.each([
  [
    `postgres://u:${PASSWORD}@127.0.0.1:1/x`,
    1,
    'postgres://127.0.0.1:1/x: The database cannot be used (ECONNREFUSED).',
  ],
  [`postgres://u:${PASSWORD}@127.0.0.1:1/`, 2, '--from must be a folder or '],
  [`postgres:/u:${PASSWORD}@127.0.0.1`, 2, '--from must be a folder or '],
  [`mysql://u:${PASSWORD}@127.0.0.1/x`, 2, '--from must be a folder or '],
  ['nowhere', 1, 'There is no data folder '],
  ['.', 1, ' is not a data folder.'],
])('--from %s is refused with a sentence, and without the password', async (from, expected, sentence) => {
  const cwd = await temporaryFolder();
  for (const flags of [[], ['--json']]) {
    const { code, stdout, stderr } = await callCommand(['copy', '--from', from, '--to', 'new', ...flags], { cwd });
    expect([code, stdout + stderr]).toEqual([expected, expect.stringContaining(sentence)]);
    expect(stdout + stderr).not.toContain(PASSWORD);
  }
  expect(await readdir(cwd)).toEqual([]);
});

test('a database that is not there, has another password, or no data is refused by name', async () => {
  const url = new URL(await emptyDatabase());
  const [name, to] = [`postgres://${url.host}${url.pathname}`, await temporaryFolder()];
  expect((await copy(url.href, to)).stderr).toBe(`${name} has no data of Bulkhead.\n`);
  url.password = PASSWORD;
  const refused = await copy(url.href, to);
  expect(refused.stderr).toMatch(/password authentication failed for user "bulkhead"\)\.\n$/);
  expect([refused.code, refused.stderr]).not.toContain(PASSWORD);
  url.pathname = '/nowhere';
  expect(await copy(await folderWith(1), url.href)).toMatchObject({ code: 1 });
});

test('a folder of something else is no target, and keeps its rights', async () => {
  const [source, to] = [await folderWith(1), await temporaryFolder()];
  await writeFile(join(to, 'file'), '', { mode: 0o644 });
  expect(await copy(source, to)).toMatchObject({ code: 1, stderr: `${to} is neither empty nor a data folder.\n` });
  await mkdir(join(to, 'empty'));
  expect(await copy(source, join(to, 'empty'))).toMatchObject({ code: 0 });
});

const MANY = 2_000;

test('the database goes away while it is the target, and while it is the source: repeating the copy completes it', {
  timeout: LONG_MS,
}, async () => {
  const server = await PostgresServer.start();
  onTestFinished(() => server.remove());
  const [source, last, store] = [await folderWith(MANY), await temporaryFolder(), await server.createDatabase()];
  const storedCount = async (): Promise<number> => {
    const [row] = await rowsOf(store, 'SELECT count(*)::int AS count FROM bulkhead.integrations').catch(() => []);
    return Number(row?.count ?? 0);
  };
  const untilKilled = async (copying: Promise<Finished>, side: string, isGoingOn: () => Promise<boolean>) => {
    await vi.waitFor(async () => expect(await isGoingOn()).toBe(true), { timeout: 30_000, interval: 1 });
    await server.kill();
    const { code, stdout, stderr } = await copying;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      new RegExp(`^The ${side}: The database cannot be used .* Repeat the command to copy the rest`),
    );
    await server.resume();
  };
  await untilKilled(copy(source, store), 'target', async () => (await storedCount()) > 0);
  const count = await storedCount();
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(MANY);
  const completed = JSON.parse((await copy(source, store, '--json')).stdout);
  expect([completed.copied.integrations, completed.present.integrations]).toEqual([MANY - count, count]);

  const isBegun = async (): Promise<boolean> => existsSync(join(last, 'commits-1.log'));
  await untilKilled(copy(store, last), 'source', isBegun);
  const rest = JSON.parse((await copy(store, last, '--json')).stdout);
  expect(rest.copied.integrations + rest.present.integrations).toBe(MANY);
  expect(rest.copied.integrations).toBeGreaterThan(0);
});
