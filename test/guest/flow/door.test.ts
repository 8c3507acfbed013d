/** The way to the flow engine: a job may call it, a connector cannot. */
import { expect, test } from 'vitest';
import { defaultLimits, engineFunctions, fixedAsk } from '../../../sandbox/index.ts';
import { httpExport, oneImport, useEngine } from './rig.ts';

const rig = useEngine();
const http = { relativeURI: '/things', method: 'POST' };

test("the bundle's own code loads first: one that does not load is a fault", async () => {
  const outcome = await rig.outcome('generate', httpExport({ relativeURI: '/' }), {
    connector: 'throw new Error("no")',
  });
  expect(outcome).toMatchObject({ status: 'faulted', fault: 'bundle_failed', message: expect.stringContaining('no') });
  expect(rig.received).toEqual([]);
});

test('functions of the engine are not functions of the connector', async () => {
  const code = 'exports.settings = {}';
  for (const name of engineFunctions) {
    for (const section of ['', 'flow', 'engine', 'hooks', 'settings', 'constructor', '__proto__']) {
      const bundle = { connectorId: 'c', digest: code, filename: 'c/index.js', format: 'commonjs', code } as const;
      const call = { section, name, argument: '{}' };
      const job = { runId: `${section}${name}`, bundle, integrationId: 'i', call, limits: defaultLimits };
      const outcome = await rig.sandbox.run(job, fixedAsk('{"value":null}'));
      expect(outcome).toMatchObject({
        status: 'faulted',
        fault: expect.stringMatching(/^(?:object_not_found|invalid_function)$/),
      });
    }
  }
});

test('the engine works beside a connector that has replaced what the web has', async () => {
  rig.application = () => ({ body: { id: 1 } });
  const connector = `
    globalThis.fetch = globalThis.URL = globalThis.setTimeout = globalThis.btoa = () => { throw new Error('replaced') };
    exports.hooks = { preMap: ({ data }) => data.map((item) => ({ data: item })) };`;
  const argument = oneImport({ http, hooks: { preMap: { function: 'preMap' } } }, [{ n: 1 }]);
  expect(await rig.call('process', argument, { connector })).toMatchObject({ steps: [{ numSuccess: 1 }] });
});

test.each([
  'Array.prototype.map = function () { return [] }',
  'Promise.prototype.then = function () { return this }',
  'JSON.stringify = () => "7"',
  'Object.hasOwn = () => { throw new Error("replaced") }',
  'Object.prototype.retryData = { a: 1 }; Object.prototype.then = undefined',
])('one that has replaced built-ins harms its own flow at most: %s', async (patch) => {
  const outcome = await rig.outcome('process', oneImport({ http }, [{ n: 1 }]), {
    connector: `${patch}; exports.hooks = {}`,
  });
  expect(['answered', 'failed', 'faulted']).toContain(outcome.status);
  expect(await rig.call('process', oneImport({ http }, [{ n: 1 }]))).toMatchObject({ steps: [{ numSuccess: 1 }] });
});

test('the argument of the engine may be longer than a message', async () => {
  const data = Array.from({ length: 100 }, (_, n) => ({ n, text: 'ü'.repeat(20_000) }));
  const argument = { ...httpExport({}, { type: 'webhook' }), received: data };
  const page = await rig.call<{ data: unknown[] }>('generate', argument, { limits: { pageBytes: 4_500_000 } });
  expect(page.data).toEqual(data);
});

test('an engine that answers too much is cut off like any connector', async () => {
  const data = Array.from({ length: 100 }, (_, n) => ({ n, text: 'x'.repeat(60_000) }));
  const argument = { ...httpExport({}, { type: 'webhook' }), received: data };
  const outcome = await rig.outcome('generate', argument, { limits: { pageBytes: 100_000_000 } });
  expect(outcome).toMatchObject({ status: 'faulted', fault: 'response_size_exceeded' });
});
