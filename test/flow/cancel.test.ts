/** Jobs that are cancelled at any moment end, stop sending, and leave their flow as it can run again (contract 16). */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { serveForAll } from '../support/runtime.ts';
import { type Application, startApplication } from './application.ts';
import { ended, type FlowScene, makeFlow, runToEnd, start } from './scene.ts';

const RECORDS = 300;
const PAGES = 3;
/** Reads and writes of a job, and the read that finds no more. */
const REQUESTS = 2 * PAGES + 1;
/** The contract says one second; other tests share the machine. */
const CANCELLED_WITHIN_MS = 5_000;

let application: Application;
let scene: FlowScene;
const served = serveForAll(() => ({}), { allowPrivateNetwork: '127.0.0.1' });

beforeAll(async () => {
  application = await startApplication(RECORDS);
});
afterAll(() => application.close());
beforeEach(async () => {
  const { client } = served();
  const integrationId = (await client('POST', '/integrations', { name: 'own' })).body._id;
  scene = await makeFlow(client, { origin: application.origin, integrationId });
});

/** Before the request is answered, or after. */
const moments = [1, 2, 4, REQUESTS].flatMap((number) => [[number, 'before'] as const, [number, 'after'] as const]);

test.each(moments)('request %i, %s its answer', async (number, moment) => {
  const { client } = served();
  const isReached = Promise.withResolvers<void>();
  const isCancelled = Promise.withResolvers<void>();
  let requests = 0;
  application.intercept = async (_request, response) => {
    if (++requests !== number) return false;
    if (moment === 'after') response.once('finish', isReached.resolve);
    else {
      isReached.resolve();
      await isCancelled.promise;
    }
    return false;
  };
  const jobId = await start(client, scene.flowId);
  await isReached.promise;
  const { status } = await client('PUT', `/jobs/${jobId}/cancel`);
  isCancelled.resolve();
  const job = await ended(client, jobId, CANCELLED_WITHIN_MS);
  // One that has ended cannot be cancelled.
  expect([status, job.status]).toEqual(status === 200 ? [200, 'canceled'] : [409, 'completed']);
  const sent = requests;

  const again = await runToEnd(client, scene.flowId);
  expect(again).toMatchObject({ status: 'completed', numSuccess: RECORDS, numError: 0 });
  expect(requests - sent).toBe(REQUESTS);
});
