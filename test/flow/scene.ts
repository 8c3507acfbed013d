/** An integration with a flow between two ends of a local application. */
import { vi } from 'vitest';
import type { Client } from '../support/client.ts';

export interface FlowScene {
  readonly integrationId: string;
  readonly connectionId: string;
  readonly exportId: string;
  readonly importId: string;
  readonly flowId: string;
}

export interface SceneParts {
  readonly origin: string;
  readonly integrationId: string;
  readonly export?: object;
  readonly import?: object;
  readonly flow?: object;
}

async function created(client: Client, kind: string, body: object): Promise<string> {
  const reply = await client('POST', `/${kind}`, body);
  if (reply.status !== 201) throw new Error(`${kind}: ${reply.status} ${reply.text}`);
  return reply.body._id;
}

/** Pages of a hundred records, and batches of a hundred. */
export async function makeFlow(client: Client, parts: SceneParts): Promise<FlowScene> {
  const { origin, integrationId: _integrationId } = parts;
  const http = { baseURI: origin, auth: { type: 'token', token: { token: 'the-application-token' } } };
  const _connectionId = await created(client, 'connections', { _integrationId, name: 'shop', type: 'http', http });
  const exportId = await created(client, 'exports', {
    _integrationId,
    _connectionId,
    name: 'items',
    http: {
      method: 'GET',
      relativeURI: '/items?page={{export.http.paging.page}}&size=100',
      response: { resourcePath: 'items' },
      paging: { method: 'page', page: 1 },
    },
    ...parts.export,
  });
  const importId = await created(client, 'imports', {
    _integrationId,
    _connectionId,
    name: 'items',
    http: { method: 'POST', relativeURI: '/batch', batchSize: 100, response: { resourceIdPath: 'id' } },
    ...parts.import,
  });
  const flowId = await created(client, 'flows', {
    _integrationId,
    name: 'items to items',
    pageGenerators: [{ _exportId: exportId }],
    pageProcessors: [{ type: 'import', _importId: importId }],
    ...parts.flow,
  });
  return { integrationId: _integrationId, connectionId: _connectionId, exportId, importId, flowId };
}

// biome-ignore lint/suspicious/noExplicitAny: as replies are
type JobBody = any;

export async function start(client: Client, flowId: string, body?: object): Promise<string> {
  const reply = await client('POST', `/flows/${flowId}/run`, body);
  if (reply.status !== 201) throw new Error(`run: ${reply.status} ${reply.text}`);
  return reply.body._jobId;
}

export const jobOf = async (client: Client, jobId: string): Promise<JobBody> =>
  (await client('GET', `/jobs/${jobId}`)).body;

/** Waits until a job has ended. */
export async function ended(client: Client, jobId: string, timeout = 30_000): Promise<JobBody> {
  return vi.waitFor(
    async () => {
      const job = await jobOf(client, jobId);
      if (!['completed', 'failed', 'canceled'].includes(job.status)) throw new Error(`the job is ${job.status}`);
      return job;
    },
    { timeout, interval: 10 },
  );
}

export const runToEnd = async (client: Client, flowId: string, body?: object): Promise<JobBody> =>
  ended(client, await start(client, flowId, body));
