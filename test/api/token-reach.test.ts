/** Every route of the table, called by every kind of caller: what is allowed, and what is refused. */
import { expect, test } from 'vitest';
import type { Route } from '../../src/api/route.ts';
import { routes } from '../../src/api/routes.ts';
import { createClient, errorsOf } from '../support/client.ts';
import { endedJob, expectAllowed, harmless, KINDS, nameOf, ofKinds, requestOf } from '../support/route-requests.ts';
import { connectorIdOf, installed, serve } from '../support/runtime.ts';

const CODE = `const own = ({ bearerToken }) => bearerToken;
exports.installer = exports.uninstaller = exports.settings = { own };
exports.utilities = {
  own,
  async callAll({ requests }) {
    const replies = [];
    for (const { method, path, body, headers } of requests) {
      const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
      const text = await response.text();
      const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json');
      replies.push({ status: response.status, body: isJson && text ? JSON.parse(text) : text });
    }
    return replies;
  },
};`;

const namesOf = (matches: (route: Route) => boolean): string[] => routes.filter(matches).map(nameOf).sort();

const forRunsToo = ['GET /healthz', 'GET /readyz', 'GET /openapi.json', 'GET /docs'];
const needNoToken = [...forRunsToo, 'GET /oauth2/callback', 'POST /exports/{_id}/{token}/data'];
/** They show a run only what is its own. */
const filteredForRuns = ['GET /integrations', 'GET /jobs', 'GET /tiles', 'GET /tokenInfo', ...ofKinds('GET /*')];
const ownOfRuns = [
  'GET /integrations/{_id}',
  'PUT /integrations/{_id}',
  'GET /integrations/{_id}/dependencies',
  'GET /integrations/{_id}/runs',
  'GET /integrations/{_id}/runs/{runId}',
  'GET /integrations/{_id}/state',
  ...['GET', 'PUT', 'DELETE'].map((method) => `${method} /integrations/{_id}/state/{key}`),
  ...ofKinds('POST /*', 'GET /*/{_id}', 'PUT /*/{_id}', 'PATCH /*/{_id}', 'DELETE /*/{_id}'),
  'POST /flows/{_id}/run',
  'GET /flows/{_id}/jobs/latest',
  'GET /jobs/{_id}',
  'PUT /jobs/{_id}/cancel',
  'GET /jobs/{_id}/joberrors',
  'GET /jobs/{_id}/joberrors/{errorId}',
  'PUT /jobs/{_id}/joberrors/resolve',
  'PUT /jobs/{_id}/joberrors/{errorId}/resolve',
  'POST /jobs/{_id}/retry',
  'POST /connections/{_id}/proxy',
  'GET /connections/{_id}/ping',
];
const needFullScope = [
  'POST /integrations',
  'POST /integrations/{_id}/install',
  'PUT /connectors',
  'DELETE /connectors/{_id}',
  'POST /connectors/{_id}/approve',
  'PUT /connectors/{_id}/update',
  'GET /accesstokens',
  'POST /accesstokens',
  ...['GET', 'PUT', 'DELETE'].map((method) => `${method} /accesstokens/{_id}`),
  'GET /audit',
  'GET /backup',
  'POST /restore',
  ...['GET', 'POST'].map((method) => `${method} /iClients`),
  ...['GET', 'PUT', 'DELETE'].map((method) => `${method} /iClients/{_id}`),
];

test('the table opens to each kind of caller what is listed here, and nothing else', () => {
  expect(routes).toHaveLength(99);
  expect(namesOf(({ scope }) => scope === 'none')).toEqual([...needNoToken].sort());
  expect(namesOf(({ runs }) => runs === 'own')).toEqual([...forRunsToo, ...filteredForRuns, ...ownOfRuns].sort());
  expect(namesOf(({ scope }) => scope === 'full')).toEqual([...needFullScope].sort());
  expect(namesOf(({ scope, method }) => ['read', 'server', 'any'].includes(scope) && method !== 'get')).toEqual([]);
  expect(namesOf(({ scope, method }) => scope === 'integrations' && method === 'get')).toEqual([
    'GET /connections/{_id}/ping',
  ]);
});

test('every route, asked by every kind of caller', async () => {
  const { client, runtime } = await serve({ a: { code: CODE } });
  const [id, otherId] = [await installed(client, 'a'), await installed(client, 'a')];
  const connectorId = await connectorIdOf(client, 'a');
  const { body: ended, headers } = await client('PUT', `/integrations/${id}/utilities/own`);
  const records: Record<string, string> = {};
  for (const kind of KINDS) {
    records[kind] = (await client('POST', `/${kind}`, { name: kind, _integrationId: id })).body._id;
  }
  await client('PUT', `/integrations/${id}/state/key`, { is: 'kept' });
  records.jobs = await endedJob(client, id);

  const accessToken = (await client('POST', '/accesstokens', { name: 'one', scope: 'read' })).body;
  records.accesstokens = accessToken._id;

  const requests = routes.map((route) =>
    requestOf(route, { id, connectorId, runId: headers.get('bulkhead-run-id') ?? '', records }),
  );
  const callAll = async (integrationId: string) =>
    (await client('PUT', `/integrations/${integrationId}/utilities/callAll`, { requests })).body;
  const stored = async () => [
    (await client('GET', `/integrations/${id}`)).body,
    (await client('GET', `/integrations/${id}/dependencies`)).body,
    (await client('GET', `/integrations/${id}/state/key`)).body,
  ];
  const refused = { status: 403, body: { errors: [expect.objectContaining({ code: 'access_restricted' })] } };
  const before = await stored();

  for (const token of [undefined, '', ended, `${ended}x`, `${ended.slice(0, -1)}\u00e9`]) {
    const as = createClient(runtime.url, token);
    for (const [index, route] of routes.entries()) {
      const { method, path, body, headers } = requests[index] as (typeof requests)[number];
      for (const prefix of ['', '/v1']) {
        const reply = await as(method, prefix + path, body, headers);
        if (needNoToken.includes(nameOf(route))) {
          expect(reply.status, nameOf(route)).toBe(harmless[nameOf(route)]?.status ?? 200);
          continue;
        }
        expect([reply.status, errorsOf(reply)[0]?.[0]], nameOf(route)).toEqual([401, 'unauthorized']);
        const challenge = nameOf(route) === 'POST /function' ? 'invalid system token' : 'Bearer';
        expect(reply.headers.get('www-authenticate')).toBe(challenge);
      }
    }
  }

  const toOther = await callAll(otherId);
  expect(toOther).toHaveLength(routes.length);
  for (const [index, route] of routes.entries()) {
    const isOpen = [...forRunsToo, ...filteredForRuns].includes(nameOf(route));
    expect(toOther[index], nameOf(route)).toEqual(isOpen ? expect.objectContaining({ status: 200 }) : refused);
  }
  const shownToOther = (name: string) => toOther[routes.findIndex((route) => nameOf(route) === name)].body;
  expect(shownToOther('GET /integrations')).toEqual([expect.objectContaining({ _id: otherId })]);
  expect(shownToOther('GET /tiles')).toEqual([expect.objectContaining({ _integrationId: otherId })]);
  expect(shownToOther('GET /jobs')).toEqual([]);
  expect(shownToOther('GET /tokenInfo')).toMatchObject({ scope: 'run', _integrationId: otherId });
  for (const kind of KINDS) expect(shownToOther(`GET /${kind}`)).toEqual([]);
  expect(await stored()).toEqual(before);

  const toOwn = await callAll(id);
  expect(toOwn).toHaveLength(routes.length);
  for (const [index, route] of routes.entries()) {
    const isOpen = [...forRunsToo, ...filteredForRuns, ...ownOfRuns].includes(nameOf(route));
    if (isOpen) expectAllowed(route, toOwn[index].status);
    else expect(toOwn[index], nameOf(route)).toEqual(refused);
  }
  expect(await stored()).not.toEqual(before);

  for (const [index, route] of routes.entries()) {
    const { method, path, body, headers } = requests[index] as (typeof requests)[number];
    // It never ends.
    const isStream = path === '/events';
    expectAllowed(route, (await client(isStream ? 'HEAD' : method, path, body, headers)).status);
  }
});
