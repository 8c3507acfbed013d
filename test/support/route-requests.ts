/** A request for each route of the table, for tests that go over all of them. */
import { expect, vi } from 'vitest';
import type { Route } from '../../src/api/route.ts';
import type { Client } from './client.ts';

export const KINDS = ['connections', 'exports', 'imports', 'flows'];
export const nameOf = ({ method, path }: Route): string => `${method.toUpperCase()} ${path}`;
/** The same of each kind of record, which takes the place of the `*`. */
export const ofKinds = (...names: string[]): string[] =>
  KINDS.flatMap((kind) => names.map((name) => name.replace('*', kind)));

/** What a caller who may call is answered with, where the request is one that changes nothing. */
interface Harmless {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}
export const harmless: Readonly<Record<string, Harmless>> = {
  'DELETE /integrations/{_id}': { status: 412, headers: { 'If-Match': '"other"' } },
  'DELETE /integrations/{_id}/install': { status: 412, headers: { 'If-Match': '"other"' } },
  'DELETE /integrations/{_id}/state/{key}': { status: 412, headers: { 'If-Match': '"other"' } },
  // No removal has begun.
  'PUT /integrations/{_id}/uninstall/cancel': { status: 409 },
  'POST /function': { status: 422, body: {} },
  'PUT /connectors': { status: 415, body: {} },
  'POST /accesstokens': { status: 201, body: { name: 'made', scope: 'read' } },
  'DELETE /accesstokens/{_id}': { status: 412, headers: { 'If-Match': '"other"' } },
  'DELETE /connectors/{_id}': { status: 422 },
  // The bundle has none.
  'GET /connectors/{_id}/image': { status: 404 },
  'GET /connectors/{_id}/readme': { status: 404 },
  'GET /connectors/{_id}/changelog': { status: 404 },
  'POST /connectors/{_id}/approve': { status: 409, body: { digest: 'other' } },
  'POST /restore': { status: 415, body: {} },
  // The flow has no export, the export no connection.
  'POST /flows/{_id}/run': { status: 422, body: {} },
  'POST /exports/{_id}/invoke': { status: 422, body: {} },
  'POST /imports/{_id}/invoke': { status: 422, body: [{}] },
  'POST /exports/{_id}/{token}/data': { status: 404, body: {} },
  'POST /jobs/{_id}/retry': { status: 422, body: { _jobErrorIds: 'none' } },
  // The connection names no address.
  'POST /connections/{_id}/proxy': { status: 422 },
  'GET /connections/{_id}/ping': { status: 422 },
  'GET /connections/{_id}/oauth2': { status: 422 },
  'POST /connections/{_id}/oauth2': { status: 422, body: {} },
  'POST /connections/ping': { status: 422 },
  'DELETE /connections/{_id}/oauth2': { status: 422 },
  'GET /oauth2/callback': { status: 400 },
  'GET /jobs/{_id}/joberrors/{errorId}': { status: 404 },
  'POST /iClients': { status: 422 },
  'GET /iClients/{_id}': { status: 404 },
  'PUT /iClients/{_id}': { status: 404 },
  'DELETE /iClients/{_id}': { status: 404 },
  ...Object.fromEntries(
    ofKinds('DELETE /*/{_id}').map((name) => [name, { status: 412, headers: { 'If-Match': '"other"' } }]),
  ),
};

/** Runs a flow of an integration, whose export cannot run. @returns the job's id */
export async function endedJob(client: Client, _integrationId: string): Promise<string> {
  const create = async (kind: string, body: object): Promise<string> =>
    (await client('POST', `/${kind}`, { name: kind, _integrationId, ...body })).body._id;
  const _exportId = await create('exports', {});
  const flowId = await create('flows', { pageGenerators: [{ _exportId }] });
  const { _jobId } = (await client('POST', `/flows/${flowId}/run`)).body;
  await vi.waitFor(async () => expect((await client('GET', `/jobs/${_jobId}`)).body.status).toBe('failed'), WITHIN);
  return _jobId;
}
const WITHIN = { timeout: 20_000, interval: 20 };

export interface Ids {
  /** An installed integration. */
  readonly id: string;
  readonly connectorId: string;
  /** A run of the integration. */
  readonly runId: string;
  /** By the first segment of their path. */
  readonly records: Readonly<Record<string, string>>;
}

export interface RouteRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

/** A valid request, which changes nothing that another route needs. */
export function requestOf(route: Route, { id, connectorId, runId, records }: Ids): RouteRequest {
  const { method, path } = route;
  const [, resource = ''] = path.split('/');
  const isConnector = resource === 'connectors' || (method === 'post' && path.endsWith('/install'));
  const params: Record<string, string> = {
    _id: isConnector ? connectorId : (records[resource] ?? id),
    function: 'own',
    key: 'key',
    runId,
    token: 'the-path-token',
    errorId: '0'.repeat(24),
  };
  const request = harmless[nameOf(route)];
  return {
    method: method.toUpperCase(),
    path: path.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name])),
    headers: request?.headers ?? {},
    body: method === 'get' || method === 'delete' ? undefined : (request?.body ?? bodyOf(route, id)),
  };
}

function bodyOf({ method, path }: Route, id: string): unknown {
  if (method === 'patch') return [{ op: 'replace', path: '/name', value: 'changed' }];
  if (path.startsWith('/accesstokens')) return { name: 'changed', scope: 'read' };
  if (path.endsWith('/update')) return { _integrationIds: [id] };
  if (KINDS.includes(path.slice(1))) return { name: 'made', _integrationId: id };
  return path.includes('/install') ? {} : { name: 'changed' };
}

/** Checks that a reply is one of a caller who may call. */
export function expectAllowed(route: Route, status: number): void {
  const expected = harmless[nameOf(route)]?.status;
  const statuses = expected === undefined ? Object.keys(route.replies).map(Number) : [expected];
  expect(statuses, nameOf(route)).toContain(status);
}
