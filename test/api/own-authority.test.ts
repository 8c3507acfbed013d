/** Requests of a run have the run's authority, whatever they send; a token used from outside has its own. */
import { describe, expect, test } from 'vitest';
import { InProcessCallers } from '../../src/broker/in-process-callers.ts';
import { Grant } from '../../src/broker/one-time-tokens.ts';
import { createPlatformApi } from '../../src/broker/platform-api.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { UnitOfWork } from '../../src/store/unit-of-work.ts';
import { newTrace } from '../../src/trace-context.ts';
import { createClient, errorsOf } from '../support/client.ts';
import { newId } from '../support/documents.ts';
import { httpServer } from '../support/outbound.ts';
import { installed, serve, serveForAll, TOKEN } from '../support/runtime.ts';

const CODE = `exports.utilities = {
  async ask({ bearerToken, _integrationId, attempts, path = '/v1/integrations/' + _integrationId }) {
    const replies = [];
    for (const headers of attempts) {
      const own = headers.map(([name, value]) => [name, value.replace('OWN', bearerToken)]);
      const response = await fetch(path, { method: 'PUT', headers: own, body: '{"description":"written"}' });
      const body = await response.json().catch(() => ({}));
      replies.push([response.status, body.errors?.[0].code ?? body._id ?? body.status]);
    }
    return replies;
  },
  async guess({ count }) {
    const statuses = {};
    const one = async (i) => {
      const { status } = await fetch('/v1/integrations', { headers: { authorization: 'Bearer ' + i } });
      statuses[status] = (statuses[status] ?? 0) + 1;
    };
    for (let i = 0; i < count; i += 50) await Promise.all(Array.from({ length: 50 }, (_, k) => one(i + k)));
    return statuses;
  },
  async lend({ bearerToken, url }) {
    await fetch(url + '/' + bearerToken);
  },
};`;

const served = serveForAll({ asker: { code: CODE } });
const attempt = async (attempts: [string, string][][], path?: string) => {
  const { client } = served();
  const id = await installed(client, 'asker');
  const reply = await client('PUT', `/integrations/${id}/utilities/ask`, { attempts, path });
  expect(reply.status, reply.text).toBe(200);
  return { id, replies: reply.body, stored: (await client('GET', `/integrations/${id}`)).body };
};

describe('a run', () => {
  test.each<[string, [string, string][]]>([
    ["the administrator's token", [['authorization', `Bearer ${TOKEN}`]]],
    ["the administrator's token in capitals", [['AUTHORIZATION', `BEARER ${TOKEN}`]]],
    ['a token that is none', [['authorization', 'Bearer nobody']]],
    ['nothing in it', [['authorization', '']]],
    ['a scheme alone', [['authorization', 'Bearer']]],
    ['no scheme', [['authorization', 'OWN']]],
    ['another scheme', [['authorization', 'Basic OWN']]],
    ['its own token and more', [['authorization', 'Bearer OWN x']]],
    ['its own token and a letter', [['authorization', 'Bearer OWNx']]],
    [
      'its own token and another',
      [
        ['authorization', 'Bearer OWN'],
        ['Authorization', `Bearer ${TOKEN}`],
      ],
    ],
  ])('with an Authorization that is %s is refused', async (_what, headers) => {
    const { replies, stored } = await attempt([headers]);
    expect(replies).toEqual([[403, 'access_restricted']]);
    expect(stored.description).toBeUndefined();
  });

  test.each<[string, [string, string][]]>([
    ['none', []],
    ['its own token', [['authorization', 'Bearer OWN']]],
    ['its own token, spelt otherwise', [['AUTHORIZATION', 'bearer   OWN']]],
    ['another Proxy-Authorization', [['proxy-authorization', `Bearer ${TOKEN}`]]],
  ])('with an Authorization that is %s does what it may', async (_what, headers) => {
    const { id, replies, stored } = await attempt([headers]);
    expect(replies).toEqual([[200, id]]);
    expect(stored.description).toBe('written');
  });

  test('gains nothing by a token in the query', async () => {
    const path = `/v1/connectors?access_token=${TOKEN}&token=${TOKEN}`;
    expect((await attempt([[]], path)).replies).toEqual([[403, 'access_restricted']]);
  });

  test('is refused even where no token is needed', async () => {
    const { client } = served();
    const id = await installed(client, 'asker');
    for (const path of ['/healthz', '/v1/openapi.json', '/v1/nowhere']) {
      const attempts = [[['authorization', `Bearer ${TOKEN}`]]];
      const { body } = await client('PUT', `/integrations/${id}/utilities/ask`, { attempts, path });
      expect(body, path).toEqual([[403, 'access_restricted']]);
    }
  });

  test('may guess without limit, learns nothing and locks nobody out', async () => {
    const { client } = served();
    const id = await installed(client, 'asker');
    const { body } = await client('PUT', `/integrations/${id}/utilities/guess`, { count: 2_000 });
    expect(body).toEqual({ 403: 2_000 });
    expect((await client('GET', '/integrations')).status).toBe(200);
  });
});

test("the token of another running run is useless in a run; from outside it is that run's", async () => {
  const lent = Promise.withResolvers<string>();
  const goOn = Promise.withResolvers<void>();
  const port = await httpServer(async (request, response) => {
    lent.resolve(String(request.url).slice(1));
    await goOn.promise;
    response.end();
  });
  const url = `http://127.0.0.1:${port}`;
  const bundle = { code: CODE, connector: { permissions: { fetch: [url] } } };
  const { client, runtime } = await serve({ lender: bundle }, { allowPrivateNetwork: '127.0.0.1' });
  const [lender, borrower] = [await installed(client, 'lender'), await installed(client, 'lender')];
  const lending = client('PUT', `/integrations/${lender}/utilities/lend`, { url });
  const token = await lent.promise;

  const attempts = [[['authorization', `Bearer ${token}`]]];
  for (const path of [
    `/v1/integrations/${lender}`,
    `/v1/integrations/${borrower}`,
    `/v1/integrations/${lender}/state/k`,
  ]) {
    const reply = await client('PUT', `/integrations/${borrower}/utilities/ask`, { attempts, path });
    expect(reply.body, path).toEqual([[403, 'access_restricted']]);
  }
  // Two runs of one integration are two runs.
  const sibling = await client('PUT', `/integrations/${lender}/utilities/ask`, { attempts });
  expect(sibling.body).toEqual([[403, 'access_restricted']]);

  const outside = createClient(runtime.url, token);
  expect((await outside('GET', '/tokenInfo')).body).toMatchObject({ scope: 'run', _integrationId: lender });
  expect((await outside('GET', `/integrations/${borrower}`)).status).toBe(403);
  expect((await outside('PUT', `/integrations/${lender}/state/outside`, { a: 1 })).status).toBe(200);
  goOn.resolve();
  expect((await lending).status).toBe(200);
  expect((await client('GET', `/integrations/${lender}`)).body.description).toBeUndefined();
  expect((await client('GET', `/integrations/${lender}/state`)).body).toEqual({ keys: ['outside'] });
  expect(errorsOf(await outside('GET', '/tokenInfo'))).toEqual([['unauthorized']]);
});

test('unusual headers are all checked, and none is passed on', async () => {
  const callers = new InProcessCallers();
  const integrationId = newId();
  const unit = await UnitOfWork.open(createMemoryStore(), integrationId);
  const grant = new Grant({ runId: newId(), connectorId: newId(), integrationId, unit, isTransactional: true });
  const seen: unknown[] = [];
  const api = createPlatformApi((request, response) => {
    seen.push(callers.of(request), request.headers.authorization, request.headers.host);
    response.end();
  }, callers);
  const headers = [
    ['authorization', 'a'],
    ['Authorization', 'b'],
    [' AUTHORIZATION\t', 'c'],
    ['Host', 'evil.example'],
  ] as const;
  const trace = newTrace();
  await api.request({ url: '/', method: 'GET', headers, body: null }, { grant, token: 'own', trace });
  expect(seen).toEqual([{ grant, token: 'own', authorizations: ['a', 'b', 'c'] }, undefined, 'localhost']);
  // What comes by a socket is nobody's in here.
  const port = await httpServer((request, response) => {
    seen.push(callers.of(request));
    response.end();
  });
  const response = await fetch(`http://127.0.0.1:${port}`, { headers: { authorization: 'a' } });
  expect([response.status, seen.at(-1)]).toEqual([200, undefined]);
});
