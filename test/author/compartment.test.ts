/** `bulkhead/test`: what an author's tests can rely on. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  CallError,
  type Compartment,
  type CompartmentOptions,
  createCompartment,
  type FetchStubs,
} from '../../src/author/compartment.ts';
import { folderOfFile, temporaryFolder } from '../support/folders.ts';
import { childrenOf } from '../support/traces.ts';

const SOURCE = `import { progress } from 'bulkhead';
import { defineConnector } from 'bulkhead/sdk';

let calls = 0;
class ShopError extends Error {
  readonly code = 'shop_closed';
}

export default defineConnector({
  settings: {
    count: () => ++calls,
    echo: (options) => options,
    async ask({ url, method = 'GET', body }) {
      const response = await fetch(String(url), { method: String(method), ...(body ? { body: JSON.stringify(body) } : {}) });
      return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
    },
    report() {
      progress(0.5, 'half');
      console.warn('größer', { a: 1 });
    },
    fail() {
      throw new ShopError('closed');
    },
    never: () => new Promise<null>(() => {}),
    late: () => new Promise<null>((resolve) => setTimeout(resolve, 60_000, null)),
    spin() {
      for (;;);
    },
    grow() {
      const kept: number[][] = [];
      for (;;) kept.push(new Array(10_000).fill(1.5));
    },
    large: () => 'x'.repeat(6_000_000),
    deep: () => JSON.parse('['.repeat(300) + ']'.repeat(300)),
    timers() {
      for (;;) setTimeout(() => {}, 1_000);
    },
    requests: () => Promise.all(Array.from({ length: 200 }, () => fetch('/v1/flows'))).then(() => null),
    chat() {
      for (let line = 0; line < 1_500; line++) console.log(line);
    },
  },
});
`;

async function writeProject(folder: string, connector: object): Promise<string> {
  await mkdir(join(folder, 'src'), { recursive: true });
  await writeFile(join(folder, 'src/index.ts'), SOURCE);
  const manifest = { name: 'shop', version: '1.0.0', type: 'module', source: 'src/index.ts', main: 'dist/index.js' };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, connector }));
  return folder;
}

let folder: string;
beforeAll(async () => {
  folder = await folderOfFile();
  await writeProject(folder, { opts: { a: 1 }, permissions: { fetch: ['https://api.example.com'] } });
});

async function open(options?: CompartmentOptions) {
  const compartment = await createCompartment(folder, options);
  onTestFinished(() => compartment.close());
  return compartment;
}

test("a function gets the body and the runtime's keys; module state belongs to one integration", async () => {
  const connector = await open();
  expect(await connector.call('settings', 'echo', { city: 'Oslo', opts: 'mine' })).toEqual({
    city: 'Oslo',
    opts: { a: 1 },
    bearerToken: expect.any(String),
    _integrationId: expect.stringMatching(/^[0-9a-f]{24}$/),
    _connectorId: expect.stringMatching(/^[0-9a-f]{24}$/),
  });
  expect(await connector.call('settings', 'count')).toBe(1);
  expect(await connector.call('settings', 'count')).toBe(2);
  expect(await connector.call('settings', 'count', {}, { integrationId: 'b'.repeat(24) })).toBe(1);
  await connector.call('settings', 'report');
  expect(connector.logs).toEqual([{ level: 'warn', text: 'größer {"a":1}' }]);
  expect(connector.progress).toEqual([{ fraction: 0.5, message: 'half' }]);
});

test("an error has the connector's code and a stack with source lines; a fault has its name as code", async () => {
  const connector = await open();
  await expect(connector.call('settings', 'fail')).rejects.toMatchObject({
    name: 'CallError',
    code: 'shop_closed',
    message: 'closed',
    stack: expect.stringContaining('src/index.ts:22:13'),
  });
  await expect(connector.call('settings', 'nothing')).rejects.toMatchObject({ code: 'invalid_function' });
  await expect(connector.call('installer', 'fail')).rejects.toMatchObject({ code: 'object_not_found' });
  await expect(connector.call('settings', 'never')).rejects.toMatchObject({ code: 'never_answered' });
});

describe('what ended a call is told with the limit, where it is set, and what to do', () => {
  let connector: Compartment;
  beforeAll(async () => {
    const limits = { timeoutMs: 2_000, cpuMs: 300, memoryMb: 16 };
    const hasty = await writeProject(join(folder, 'hasty'), { limits });
    connector = await createCompartment(hasty, { fetch: { 'GET /v1/flows': () => new Promise<null>(() => {}) } });
    // The start of the process counts as the time of a call.
    await vi.waitFor(() => connector.call('settings', 'count'), { timeout: 60_000 });
  });
  afterAll(() => connector.close());

  test.each([
    ['late', 'run_timeout', 'settings.late did not finish within 2,000 ms.', 'raise limits.timeoutMs in the manifest'],
    ['spin', 'cpu_limit_exceeded', 'settings.spin used its 300 ms of CPU time.', 'raise limits.cpuMs in the manifest'],
    [
      'grow',
      'memory_limit_exceeded',
      'settings.grow needed more than its 16 MiB',
      'raise limits.memoryMb in the manifest',
    ],
    ['large', 'response_size_exceeded', 'settings.large is larger than 5,242,880 bytes of JSON.', '--run-result-bytes'],
    ['deep', 'invalid_extension_response', 'a value nested deeper than 200 levels', ''],
    ['never', 'never_answered', 'settings.never ended without an answer', 'await the promise'],
    ['timers', 'Error', 'too many timers: a run may have 1,000 set at once', ''],
    ['requests', 'Error', 'too many requests: a run may have 100 open at once', ''],
    ['nothing', 'invalid_function', 'The section settings has no function nothing.', ''],
  ])('%s: %s', async (name, code, what, remedy) => {
    const error = await connector.call('settings', name).catch((thrown) => thrown as CallError);
    if (!(error instanceof CallError)) throw new Error('it answered');
    expect(error.code).toBe(code);
    expect(error.message).toContain(what);
    expect(error.message).toContain(remedy);
    // The line of the test that called it.
    expect(error.stack).toContain('compartment.test.ts:');
  });

  test('dropped log lines are counted, and the limits named', async () => {
    await connector.call('settings', 'chat');
    expect(connector.logs.at(-1)?.text).toBe(
      '500 more log lines were dropped: a run may log 1,000 lines and 262,144 bytes',
    );
  });
});

describe('fetch is answered from the stubs', () => {
  const stubs: FetchStubs = {
    'GET /v1/integrations/*': { name: 'größer' },
    'POST https://api.example.com/orders': ({ body, headers }) => ({
      got: JSON.parse(String(body)),
      type: headers.get('content-type'),
    }),
    'https://api.example.com/orders?page=*': ({ url }) => [new URL(url).searchParams.get('page') ?? ''],
    'https://api.example.com/closed': () =>
      new Response('closed', { status: 503, headers: { 'content-type': 'text/x' } }),
    'https://api.example.com/thrown': () => {
      throw new Error('the line is dead');
    },
    'https://closed.example.com/*': {},
  };
  const json = 'application/json';
  let connector: Compartment;
  beforeAll(async () => {
    connector = await createCompartment(folder, { fetch: stubs });
  });
  afterAll(() => connector.close());

  test.each<[string, object, object]>([
    [
      'a path of the runtime',
      { url: '/v1/integrations/a?include=name' },
      { status: 200, type: json, text: '{"name":"größer"}' },
    ],
    ['the same by its address', { url: 'https://api.integrator.io/v1/integrations/a' }, { text: '{"name":"größer"}' }],
    [
      'a body',
      { url: 'https://api.example.com/orders', method: 'POST', body: { a: 1 } },
      { text: expect.stringMatching(/^\{"got":\{"a":1\}/) },
    ],
    ['whatever stands for a star', { url: 'https://api.example.com/orders?page=2' }, { text: '["2"]' }],
    ['a whole response', { url: 'https://api.example.com/closed' }, { status: 503, type: 'text/x', text: 'closed' }],
  ])('%s', async (_what, asked, answer) => {
    const before = connector.requests.length;
    expect(await connector.call('settings', 'ask', asked)).toMatchObject(answer);
    expect(connector.requests).toHaveLength(before + 1);
  });

  test.each<[string, object, object]>([
    [
      'what is not in it',
      { url: '/v1/flows' },
      { code: 'request_failed', message: 'There is no stub for GET /v1/flows.' },
    ],
    ['another method', { url: '/v1/integrations/a', method: 'PUT' }, { code: 'request_failed' }],
    ['what the manifest does not permit', { url: 'https://closed.example.com/a' }, { code: 'permission_denied' }],
    ['what throws', { url: 'https://api.example.com/thrown' }, { code: 'request_failed', message: 'the line is dead' }],
  ])('%s rejects', async (_what, asked, error) => {
    await expect(connector.call('settings', 'ask', asked)).rejects.toMatchObject(error);
  });
});

test('a project that does not build is refused with file and line', async () => {
  const broken = await temporaryFolder();
  await expect(createCompartment(pathToFileURL(`${broken}/`))).rejects.toThrow(
    'package.json:1:1 error package.json is missing',
  );
  await writeFile(join(broken, 'package.json'), '{"name":"a","version":"1.0.0","main":"index.js","connector":{}}');
  await writeFile(join(broken, 'index.js'), "require('node:fs');");
  await expect(createCompartment(broken)).rejects.toThrow('index.js:1:9 error node:fs is not available');
});

/** Ignores esbuild's process, which ends with this one. */
async function compartments(): Promise<number[]> {
  const children = await childrenOf(process.pid);
  const commands = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return children.filter((_, i) => commands[i]?.includes('--permission'));
}

test('close leaves no process and no folder behind', async () => {
  const before = (await readdir(tmpdir())).filter((name) => /^bulkhead-(?!test-)/.test(name)).length;
  {
    await using connector = await createCompartment(folder);
    await connector.call('settings', 'count');
    expect(await compartments()).toHaveLength(1);
    await connector.close();
  }
  await expect.poll(compartments, { timeout: 10_000 }).toEqual([]);
  expect((await readdir(tmpdir())).filter((name) => /^bulkhead-(?!test-)/.test(name)).length).toBeLessThanOrEqual(
    before,
  );
});
