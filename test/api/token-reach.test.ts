/** Every route, asked without a token, with one of a run that has ended, and with one of another integration's run. */
import { expect, test } from 'vitest';
import { createClient, errorsOf } from '../support/client.ts';
import { connectorIdOf, installed, serve } from '../support/runtime.ts';

const CODE = `exports.utilities = {
  own: ({ bearerToken }) => bearerToken,
  async askAll({ requests }) {
    const statuses = [];
    for (const { method, path, body } of requests) {
      const response = await fetch(path, { method, body: body && JSON.stringify(body) });
      const text = await response.text();
      statuses.push([response.status, response.status < 300 ? text && JSON.parse(text) : JSON.parse(text).errors[0].code]);
    }
    return statuses;
  },
};`;

const KINDS = ['connections', 'exports', 'imports', 'flows'];

test('every route refuses who has no token, who has one of an ended run, and who has one of another integration', async () => {
  const { client, runtime } = await serve({ a: { code: CODE } });
  const [id, other] = [await installed(client, 'a'), await installed(client, 'a')];
  const connectorId = await connectorIdOf(client, 'a');
  const { body: ended, headers } = await client('PUT', `/integrations/${id}/utilities/own`);
  await client('PUT', `/integrations/${id}/state/key`, { kept: true });
  const records: Record<string, string> = {};
  for (const kind of KINDS) {
    records[kind] = (await client('POST', `/${kind}`, { name: kind, _integrationId: id })).body._id;
  }
  const before = [await client('GET', `/integrations/${id}`), await client('GET', `/integrations/${id}/dependencies`)];

  const runPath = `/integrations/${id}/runs/${headers.get('bulkhead-run-id')}`;
  const patch = [{ op: 'replace', path: '/name', value: 'taken' }];
  const refused: [string, string, unknown?][] = [
    ['POST', '/integrations', { name: 'x' }],
    ['GET', `/integrations/${id}`],
    ['PUT', `/integrations/${id}`, { name: 'taken' }],
    ['DELETE', `/integrations/${id}?cascade=true&force=true`],
    ['GET', `/integrations/${id}/dependencies`],
    ['POST', `/integrations/${connectorId}/install`, {}],
    ['DELETE', `/integrations/${id}/install?force=true`],
    ...['installer', 'uninstaller', 'settings', 'utilities'].map((section): [string, string, unknown] => [
      'PUT',
      `/integrations/${id}/${section}/own`,
      {},
    ]),
    ['GET', `/integrations/${id}/runs`],
    ['GET', runPath],
    ['DELETE', runPath],
    ['GET', `/integrations/${id}/state`],
    ['GET', `/integrations/${id}/state/key`],
    ['PUT', `/integrations/${id}/state/key`, { kept: false }],
    ['DELETE', `/integrations/${id}/state/key`],
    ['GET', '/metrics'],
    ['GET', '/backup'],
    ['GET', '/connectors'],
    ['GET', `/connectors/${connectorId}`],
    ['GET', `/connectors/${connectorId}/installBase`],
    ['GET', `/connectors/${connectorId}/image`],
    ['GET', '/events'],
    ['PUT', '/connectors'],
    ['DELETE', `/connectors/${connectorId}`],
    ['POST', `/connectors/${connectorId}/approve`, { digest: 'x' }],
    ['PUT', `/connectors/${connectorId}/update`, { _integrationIds: [id] }],
    ['GET', '/backup'],
    ['POST', '/restore?overwrite=true'],
    ['POST', `/connections/${records.connections}/proxy`],
    ['GET', `/connections/${records.connections}/ping`],
    ...KINDS.flatMap((kind): [string, string, unknown?][] => [
      ['POST', `/${kind}`, { name: 'x', _integrationId: id }],
      ['GET', `/${kind}/${records[kind]}`],
      ['PUT', `/${kind}/${records[kind]}`, { name: 'taken' }],
      ['PATCH', `/${kind}/${records[kind]}`, patch],
      ['DELETE', `/${kind}/${records[kind]}`],
    ]),
  ];
  /** These show a run what is its own: nothing. */
  const filtered: [string, string, unknown][] = [
    ['GET', '/integrations', [expect.objectContaining({ _id: other })]],
    ['GET', '/tiles', [expect.objectContaining({ _integrationId: other })]],
    ...KINDS.map((kind): [string, string, unknown] => ['GET', `/${kind}`, []]),
    ['GET', '/tokenInfo', expect.objectContaining({ _integrationId: other })],
  ];

  const all = [...refused, ...filtered.map(([method, path]) => [method, path] as const)];
  for (const token of ['', ended, `${ended}x`, `${ended.slice(0, -1)}\u00e9`]) {
    const as = createClient(runtime.url, token);
    for (const [method, path, body] of all) {
      for (const prefix of ['', '/v1']) {
        const reply = await as(method, prefix + path, body);
        expect([reply.status, errorsOf(reply)[0]?.[0]], `${method} ${path}`).toEqual([401, 'unauthorized']);
        expect(reply.headers.get('www-authenticate')).toBe('Bearer');
      }
    }
  }

  const requests = all.map(([method, path, body]) => ({ method, path, body }));
  const { body: statuses } = await client('PUT', `/integrations/${other}/utilities/askAll`, { requests });
  for (const [index, [method, path]] of refused.entries()) {
    expect(statuses[index], `${method} ${path}`).toEqual([403, 'access_restricted']);
  }
  for (const [index, [method, path, seen]] of filtered.entries()) {
    expect(statuses[refused.length + index], `${method} ${path}`).toEqual([200, seen]);
  }
  const after = [await client('GET', `/integrations/${id}`), await client('GET', `/integrations/${id}/dependencies`)];
  expect(after.map(({ body }) => body)).toEqual(before.map(({ body }) => body));
});
