/** What schedules do about the time when nothing ran, and about many flows at once. */
import { expect, test, vi } from 'vitest';
import { backedDocument, backupOf, date, newId } from '../support/backup-text.ts';
import type { Client } from '../support/client.ts';
import { temporaryFolder } from '../support/folders.ts';
import { serve } from '../support/runtime.ts';

/** An integration with flows that were made long ago. Their export has no connection, so their jobs fail at once. */
function withFlows(schedules: readonly (string | undefined)[]): { readonly file: Buffer; readonly flowIds: string[] } {
  const record = (fields: object) => ({ createdAt: date, lastModified: date, name: 'old', ...fields });
  const document = backedDocument();
  const _integrationId = document.integration._id;
  const exportId = newId();
  const flows = schedules.map((schedule): [string, object] => {
    const _id = newId();
    return [_id, record({ _id, _integrationId, pageGenerators: [{ _exportId: exportId }], schedule })];
  });
  const exports = { [exportId]: record({ _id: exportId, _integrationId }) };
  const text = JSON.stringify({ ...document, exports, flows: Object.fromEntries(flows) });
  return { file: backupOf([text]), flowIds: flows.map(([id]) => id) };
}

const restore = async (client: Client, file: Buffer): Promise<void> => {
  const reply = await client('POST', '/restore', file, { 'content-type': 'application/gzip' });
  expect(reply.status, reply.text).toBe(200);
};

const jobsOf = async (client: Client): Promise<{ _flowId: string; scheduledAt: string }[]> =>
  (await client('GET', '/jobs')).body;

test('a flow that was due while the server was down runs once when it starts, and not again', async () => {
  const data = await temporaryFolder();
  // The second is due on one day in four years, and was not since it was made. The last shows how far a start has come.
  const { file, flowIds } = withFlows(['30 1 2 1 *', '0 0 29 2 *', '* * * * * *']);
  const [missed, never, always] = flowIds;
  const jobsByFlow = async (client: Client) => Map.groupBy(await jobsOf(client), ({ _flowId }) => _flowId);
  const started = async (): Promise<{ client: Client; close: () => Promise<void>; before: number }> => {
    const { client, runtime } = await serve({}, { data });
    return { client, close: () => runtime.close({ drainMs: 0 }), before: (await jobsOf(client)).length };
  };
  const planned = (client: Client, before: number) =>
    vi.waitFor(
      async () => {
        const [newest, ...others] = await jobsOf(client);
        expect(others.length + 1).toBeGreaterThan(before);
        expect(newest?._flowId).toBe(always);
      },
      { timeout: 20_000, interval: 20 },
    );

  const first = await started();
  await restore(first.client, file);
  await planned(first.client, 0);
  expect([...(await jobsByFlow(first.client)).keys()]).toEqual([always]);
  await first.close();

  const second = await started();
  await vi.waitFor(async () => expect((await jobsByFlow(second.client)).get(missed ?? '')).toHaveLength(1));
  const [job] = (await jobsByFlow(second.client)).get(missed ?? '') ?? [];
  expect(job).toMatchObject({ triggeredBy: 'schedule', scheduledAt: '2026-01-02T01:30:00.000Z' });
  await second.close();

  const third = await started();
  await planned(third.client, third.before);
  const jobs = await jobsByFlow(third.client);
  expect([jobs.get(missed ?? '')?.length, jobs.get(never ?? '')]).toEqual([1, undefined]);
});

test('a hundred flows that are due at the same second all start', async () => {
  const data = await temporaryFolder();
  const { client } = await serve({}, { data });
  const { file, flowIds } = withFlows(Array.from({ length: 100 }, () => '* * * * * *'));
  await restore(client, file);
  await vi.waitFor(
    async () => {
      const started = new Set((await jobsOf(client)).map(({ _flowId }) => _flowId));
      expect(flowIds.filter((id) => !started.has(id))).toEqual([]);
    },
    { timeout: 20_000, interval: 200 },
  );
});
