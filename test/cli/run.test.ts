/** `bulkhead run`: a flow is run, followed to its end, and what failed is printed. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Application, startApplication } from '../flow/application.ts';
import { makeFlow } from '../flow/scene.ts';
import { callCommand } from '../support/command.ts';
import { installed, serveForAll, TOKEN } from '../support/runtime.ts';

let application: Application;
beforeAll(async () => {
  application = await startApplication();
});
afterAll(() => application.close());
beforeEach(() => {
  application.requests.splice(0);
  application.intercept = () => false;
  application.items = [1, 2, 3].map((id) => ({ id }));
});

const CODE = `exports.hooks = {
  look: ({ data, errors }) => { console.log('a page of ' + data.length); return { data, errors }; },
  refuse: ({ data }) => data.map((record) =>
    record.id > 9 ? { errors: [{ code: 'too_large', message: record.id + ' is too large' }] } : { data: record }),
};`;
const served = serveForAll(
  () => ({ shop: { code: CODE, connector: { permissions: { fetch: [application.origin] } } } }),
  { allowPrivateNetwork: '127.0.0.1' },
);

async function flowNamed(name: string, parts: { export?: object; import?: object } = {}) {
  const { client } = served();
  const integrationId = await installed(client, 'shop');
  return makeFlow(client, { origin: application.origin, integrationId, flow: { name }, ...parts });
}

const run = (...args: string[]) =>
  callCommand(['run', ...args], { environment: { BULKHEAD_URL: served().runtime.url, BULKHEAD_TOKEN: TOKEN } });

test('prints the counts, by name or id of the flow, and the log of its pages', async () => {
  const { flowId } = await flowNamed('Größer & mehr', { export: { hooks: { preSavePage: { function: 'look' } } } });
  expect(await run('Größer & mehr', '--logs')).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Größer & mehr completed in \d+\.\d s: 3 read, 3 sent, 0 failed, 0 ignored\.\n$/),
    stderr: expect.stringContaining('info a page of 3\n'),
  });
  const asJson = await run(flowId, '--json');
  expect([asJson.code, JSON.parse(asJson.stdout)]).toEqual([
    0,
    { job: expect.objectContaining({ _flowId: flowId, status: 'completed', numSuccess: 3 }), errors: [] },
  ]);
});

test('records that failed are printed, the first of them, and do not make it fail', async () => {
  application.items = Array.from({ length: 17 }, (_, index) => ({ id: index + 1 }));
  await flowNamed('Refusing', { import: { hooks: { preMap: { function: 'refuse' } } } });
  const { code, stdout, stderr } = await run('Refusing');
  expect([code, stdout]).toEqual([0, expect.stringContaining('17 read, 9 sent, 8 failed, 0 ignored.\n')]);
  expect(stderr.match(/^ {2}too_large: \d+ is too large$/gm)).toHaveLength(5);
  expect(stderr).toMatch(/^ {2}3 more: GET \/v1\/jobs\/[0-9a-f]{24}\/joberrors$/m);
});

test('a job that fails is exit code 1, with its reason', async () => {
  application.intercept = (_, response) => {
    response.writeHead(401).end('{}');
    return true;
  };
  await flowNamed('Refused');
  expect(await run('Refused')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^Refused failed in /),
    stderr: expect.stringMatching(/^ {2}connection_offline: .*401\n$/),
  });
});

test('a flow that cannot be run is one sentence', async () => {
  const { flowId } = await flowNamed('Twice');
  expect(await run('nobody')).toMatchObject({ code: 1, stderr: 'There is no flow named nobody.\n' });
  expect(await run(flowId, '--since', 'soon')).toMatchObject({ code: 1, stderr: expect.stringContaining('startDate') });
  await flowNamed('Twice');
  expect(await run('Twice')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Several flows are named Twice'),
  });
  // A job of the flow is running already.
  const arrived = Promise.withResolvers<void>();
  application.intercept = () => {
    arrived.resolve();
    return true;
  };
  const { client } = served();
  const { body } = await client('POST', `/flows/${flowId}/run`);
  await arrived.promise;
  expect(await run(flowId)).toMatchObject({ code: 1, stderr: expect.stringContaining('has not ended') });
  await client('PUT', `/jobs/${body._jobId}/cancel`);
  await vi.waitFor(async () => expect((await client('GET', `/jobs/${body._jobId}`)).body.status).toBe('canceled'));
});
