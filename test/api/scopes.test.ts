/** Every route of the table × every scope of an access token (contract 15). */
import { expect, test } from 'vitest';
import { tokenScopes } from '../../src/api/operation.ts';
import { routes } from '../../src/api/routes.ts';
import { type Client, createClient, errorsOf, type Reply } from '../support/client.ts';
import { endedJob, expectAllowed, KINDS, nameOf, ofKinds, requestOf } from '../support/route-requests.ts';
import { connectorIdOf, installed, serve } from '../support/runtime.ts';

/** `own`: only of the token's integrations; of others nothing is shown, or the reply is that of what there is not. */
const declared = `
                                                    full read integrations stack
  GET    /integrations                              yes  yes  own          no
  POST   /integrations                              yes  no   no           no
  GET    /integrations/{_id}                        yes  yes  own          no
  PUT    /integrations/{_id}                        yes  no   own          no
  DELETE /integrations/{_id}                        yes  no   own          no
  GET    /integrations/{_id}/dependencies           yes  yes  own          no
  POST   /integrations/{_id}/install                yes  no   no           no
  DELETE /integrations/{_id}/install                yes  no   own          no
  PUT    /integrations/{_id}/uninstall/cancel       yes  no   own          no
  PUT    /integrations/{_id}/installer/{function}   yes  no   own          no
  PUT    /integrations/{_id}/uninstaller/{function} yes  no   own          no
  PUT    /integrations/{_id}/settings/{function}    yes  no   own          no
  PUT    /integrations/{_id}/utilities/{function}   yes  no   own          no
  POST   /function                                  yes  no   no           yes
  GET    /integrations/{_id}/runs                   yes  yes  own          no
  GET    /integrations/{_id}/runs/{runId}           yes  yes  own          no
  DELETE /integrations/{_id}/runs/{runId}           yes  no   own          no
  GET    /integrations/{_id}/state                  yes  yes  own          no
  GET    /integrations/{_id}/state/{key}            yes  yes  own          no
  PUT    /integrations/{_id}/state/{key}            yes  no   own          no
  DELETE /integrations/{_id}/state/{key}            yes  no   own          no
  GET    /connectors                                yes  yes  own          no
  PUT    /connectors                                yes  no   no           no
  GET    /connectors/{_id}                          yes  yes  own          no
  DELETE /connectors/{_id}                          yes  no   no           no
  POST   /connectors/{_id}/approve                  yes  no   no           no
  GET    /connectors/{_id}/image                    yes  yes  own          no
  GET    /connectors/{_id}/readme                   yes  yes  own          no
  GET    /connectors/{_id}/changelog                yes  yes  own          no
  GET    /connectors/{_id}/installBase              yes  yes  own          no
  PUT    /connectors/{_id}/update                   yes  no   no           no
  GET    /*                                         yes  yes  own          no
  POST   /*                                         yes  no   own          no
  GET    /*/{_id}                                   yes  yes  own          no
  PUT    /*/{_id}                                   yes  no   own          no
  PATCH  /*/{_id}                                   yes  no   own          no
  DELETE /*/{_id}                                   yes  no   own          no
  POST   /flows/{_id}/run                           yes  no   own          no
  GET    /flows/{_id}/jobs/latest                   yes  yes  own          no
  GET    /schedule                                  yes  yes  own          no
  POST   /exports/{_id}/invoke                      yes  no   own          no
  POST   /imports/{_id}/invoke                      yes  no   own          no
  GET    /jobs                                      yes  yes  own          no
  GET    /jobs/hourly                               yes  yes  own          no
  GET    /jobs/{_id}                                yes  yes  own          no
  PUT    /jobs/{_id}/cancel                         yes  no   own          no
  GET    /jobs/{_id}/joberrors                      yes  yes  own          no
  GET    /jobs/{_id}/joberrors/{errorId}            yes  yes  own          no
  PUT    /jobs/{_id}/joberrors/resolve              yes  no   own          no
  PUT    /jobs/{_id}/joberrors/{errorId}/resolve    yes  no   own          no
  POST   /jobs/{_id}/retry                          yes  no   own          no
  POST   /exports/{_id}/{token}/data                yes  yes  yes          yes
  POST   /connections/{_id}/proxy                   yes  no   own          no
  GET    /connections/{_id}/ping                    yes  no   own          no
  POST   /connections/ping                          yes  no   yes          no
  POST   /connections/{_id}/oauth2                  yes  no   own          no
  GET    /connections/{_id}/oauth2                  yes  yes  own          no
  DELETE /connections/{_id}/oauth2                  yes  no   own          no
  GET    /oauth2                                    yes  yes  yes          no
  GET    /oauth2/callback                           yes  yes  yes          yes
  GET    /iClients                                  yes  no   no           no
  POST   /iClients                                  yes  no   no           no
  GET    /iClients/{_id}                            yes  no   no           no
  PUT    /iClients/{_id}                            yes  no   no           no
  DELETE /iClients/{_id}                            yes  no   no           no
  GET    /tiles                                     yes  yes  own          no
  GET    /events                                    yes  yes  own          no
  GET    /tokenInfo                                 yes  yes  yes          yes
  GET    /accesstokens                              yes  no   no           no
  POST   /accesstokens                              yes  no   no           no
  GET    /accesstokens/{_id}                        yes  no   no           no
  PUT    /accesstokens/{_id}                        yes  no   no           no
  DELETE /accesstokens/{_id}                        yes  no   no           no
  GET    /audit                                     yes  no   no           no
  GET    /backup                                    yes  no   no           no
  POST   /restore                                   yes  no   no           no
  GET    /metrics                                   yes  yes  no           no
  GET    /healthz                                   yes  yes  yes          yes
  GET    /readyz                                    yes  yes  yes          yes
  GET    /openapi.json                              yes  yes  yes          yes
  GET    /docs                                      yes  yes  yes          yes
`;

type Cell = 'yes' | 'no' | 'own';
const matrix = new Map(
  declared
    .trim()
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [method = '', path = '', ...cells] = line.trim().split(/ +/);
      const byScope = Object.fromEntries(tokenScopes.map((scope, index) => [scope, cells[index] as Cell]));
      const names = path.includes('*') ? ofKinds(`${method} ${path}`) : [`${method} ${path}`];
      return names.map((name) => [name, byScope] as const);
    }),
);

test('the matrix has every route', () => {
  expect([...matrix.keys()].sort()).toEqual(routes.map(nameOf).sort());
});

/** What a token of other integrations gets for this one: a refusal, nothing, or what it gets for an unknown id. */
const forOthers = (name: string): { readonly status: number; readonly code?: string } => {
  if (/^\w+ \/integrations\/\{_id\}/.test(name)) return { status: 403, code: 'access_restricted' };
  if (ofKinds('POST /*').includes(name)) return { status: 403, code: 'access_restricted' };
  if (name.includes('{_id}')) return { status: 404, code: 'not_found' };
  return { status: 200 };
};

function expectRefused(reply: Reply, status: number, code: string, name: string): void {
  // A reply to HEAD has no body.
  const codes = reply.text === '' ? [[code]] : errorsOf(reply);
  expect([reply.status, codes], name).toEqual([status, [[code]]]);
}

test('every route × every scope', { timeout: 120_000 }, async () => {
  const code = 'exports.installer = exports.uninstaller = exports.settings = exports.utilities = { own: () => 1 };';
  const { client, runtime } = await serve({ a: { code }, b: { code } });
  const [id, otherId] = [await installed(client, 'a'), await installed(client, 'b')];
  const { headers } = await client('PUT', `/integrations/${id}/utilities/own`);
  const records: Record<string, string> = {};
  for (const kind of KINDS) {
    records[kind] = (await client('POST', `/${kind}`, { name: kind, _integrationId: id })).body._id;
  }
  await client('PUT', `/integrations/${id}/state/key`, 1);
  records.jobs = await endedJob(client, id);
  records.accesstokens = (await client('POST', '/accesstokens', { name: 'one', scope: 'read' })).body._id;
  const connectorId = await connectorIdOf(client, 'a');
  const requests = routes.map((route) =>
    requestOf(route, { id, connectorId, runId: headers.get('bulkhead-run-id') ?? '', records }),
  );
  const tokenOf = async (scope: string, more: object = {}): Promise<Client> => {
    const { status, body } = await client('POST', '/accesstokens', { name: scope, scope, ...more });
    expect(status).toBe(201);
    return createClient(runtime.url, body.token);
  };
  const ask = (as: Client, index: number) => {
    const { method, path, headers, body } = requests[index] as (typeof requests)[number];
    // It never ends.
    return as(path === '/events' ? 'HEAD' : method, path, body, headers);
  };
  const others = await tokenOf('integrations', { _integrationIds: [otherId] });
  const counts = { yes: 0, no: 0, own: 0 };
  for (const scope of tokenScopes) {
    const as = await tokenOf(scope, scope === 'integrations' ? { _integrationIds: [id] } : {});
    for (const [index, route] of routes.entries()) {
      const name = nameOf(route);
      const cell = matrix.get(name)?.[scope] as Cell;
      counts[cell]++;
      const reply = await ask(as, index);
      if (cell === 'no') expectRefused(reply, 403, 'access_restricted', `${scope}: ${name}`);
      else expectAllowed(route, reply.status);
      if (cell !== 'own') continue;
      const foreign = await ask(others, index);
      const { status, code } = forOthers(name);
      if (code !== undefined) expectRefused(foreign, status, code, `other: ${name}`);
      else expect(foreign.status, `other: ${name}`).toBe(status);
      // What the list of a path shows belongs to the other's integration.
      if (Array.isArray(foreign.body)) expect(JSON.stringify(foreign.body), name).not.toContain(id);
    }
  }
  expect(counts.yes + counts.no + counts.own).toBe(routes.length * tokenScopes.length);
  expect(Math.min(counts.yes, counts.no, counts.own)).toBeGreaterThan(40);
});
