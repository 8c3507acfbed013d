/** 429: requests per second, and failed authentications per minute. */
import { expect, test } from 'vitest';
import { FailedAuthentications, limitRate } from '../../src/api/rate-limit.ts';
import { createClient, errorsOf } from '../support/client.ts';
import { installed, serve } from '../support/runtime.ts';

/** How addresses are distinguished. */
const clients = (addresses: readonly string[], options = { perSecond: 1, badTokensPerMinute: 1 }) => {
  const limit = limitRate({ ...options, onLimited: () => {} });
  return addresses.map((remoteAddress) => {
    try {
      limit({ req: { socket: { remoteAddress } } } as never, async () => {});
      return 'taken';
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
};

test('past its requests per second a client gets 429 with Retry-After', async () => {
  const { client } = await serve({}, { rateLimitPerSecond: 5 });
  const replies = await Promise.all(Array.from({ length: 60 }, () => client('GET', '/tokenInfo')));
  const limited = replies.filter(({ status }) => status === 429);
  expect(limited.length).toBeGreaterThan(0);
  for (const reply of limited) {
    expect(errorsOf(reply)).toEqual([['rate_limited']]);
    expect(reply.headers.get('retry-after')).toBe('1');
  }
  expect(replies.some(({ status }) => status === 200)).toBe(true);
  // Whoever watches the server is no such client.
  expect((await client('GET', '/healthz')).status).toBe(200);
});

test('by default, and with 0, there is no limit', async () => {
  for (const options of [{}, { rateLimitPerSecond: 0, badTokensPerMinute: 0 }]) {
    const { client } = await serve({}, options);
    const replies = await Promise.all(Array.from({ length: 100 }, () => client('GET', '/tokenInfo')));
    expect(replies.filter(({ status }) => status !== 200)).toEqual([]);
  }
});

test("a run's requests to the runtime are not counted", async () => {
  const code = `exports.utilities = { async many({ bearerToken }) {
    const statuses = [];
    for (let i = 0; i < 50; i++) statuses.push((await fetch('/v1/tokenInfo')).status);
    for (let i = 0; i < 20; i++) statuses.push((await fetch('/v1/tokenInfo', { headers: { authorization: 'Bearer wrong' } })).status);
    return [...new Set(statuses)];
  } };`;
  const { client } = await serve({ one: { code } }, { rateLimitPerSecond: 20, badTokensPerMinute: 3 });
  const id = await installed(client, 'one');
  expect((await client('PUT', `/integrations/${id}/utilities/many`)).body).toEqual([200, 403]);
  expect((await client('GET', '/tokenInfo')).status).toBe(200);
});

test('a client that guesses tokens has to wait, and does not learn whether a guess was right', async () => {
  const { client, runtime } = await serve({}, { badTokensPerMinute: 5 });
  const guess = (token: string | undefined) => createClient(runtime.url, token)('GET', '/integrations');
  for (let i = 0; i < 5; i++) expect((await guess(`guess-${i}`)).status).toBe(401);
  const limited = await guess('guess-5');
  expect([limited.status, errorsOf(limited)]).toEqual([429, [['rate_limited']]]);
  expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(1);
  expect((await client('GET', '/integrations')).status).toBe(429);
  // No token is no guess.
  expect((await guess(undefined)).status).toBe(401);
});

test("guesses from the administrator's address do not lock the administrator out", async () => {
  const { client, runtime } = await serve({}, { badTokensPerMinute: 5 });
  expect((await client('GET', '/tokenInfo')).status).toBe(200);
  const statuses: number[] = [];
  for (let i = 0; i < 8; i++)
    statuses.push((await createClient(runtime.url, `guess-${i}`)('GET', '/tokenInfo')).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
  expect((await client('GET', '/tokenInfo')).status).toBe(200);
});

test('clients are distinguished by address, with IPv6 by network', () => {
  const [taken, limited] = ['taken', 'rate_limited'];
  expect(clients(['10.0.0.1', '10.0.0.2', '10.0.0.1', '::ffff:10.0.0.2'])).toEqual([taken, taken, limited, limited]);
  expect(clients(['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1', '2001:db8:0:0:5:6:7:8', 'fe80::1%eth0'])).toEqual([
    taken,
    limited,
    taken,
    limited,
    taken,
  ]);
});

test('a hundred thousand addresses take bounded memory, and are still limited', () => {
  const addresses = Array.from({ length: 100_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  // Ten thousand are told apart; all others count as one.
  const guesses = new FailedAuthentications({ perSecond: 0, badTokensPerMinute: 2, onLimited: () => {} });
  let limited = 0;
  for (const address of addresses) {
    try {
      guesses.assertMayTry(address);
      guesses.failed(address);
    } catch {
      limited++;
    }
  }
  expect(limited).toBeGreaterThan(80_000);
});

test("whoever guesses a webhook's token has to wait, without locking out its sender or other webhooks", async () => {
  const { client } = await serve({}, { badTokensPerMinute: 3 });
  const { _id: _integrationId } = (await client('POST', '/integrations', { name: 'hooked' })).body;
  const webhook = async (): Promise<string> => {
    const fields = { _integrationId, name: 'w', type: 'webhook', webhook: { token: 'right' } };
    return (await client('POST', '/exports', fields)).body._id;
  };
  const send = async (id: string, token: string): Promise<number> =>
    (await client('POST', `/exports/${id}/${token}/data`, {})).status;
  const guessed = await webhook();
  for (let i = 0; i < 3; i++) expect(await send(guessed, `guess-${i}`)).toBe(401);
  expect([await send(guessed, 'guess-3'), await send(guessed, 'right')]).toEqual([429, 429]);

  const known = await webhook();
  expect(await send(known, 'right')).toBe(204);
  for (let i = 0; i < 3; i++) expect(await send(known, `guess-${i}`)).toBe(401);
  expect([await send(known, 'guess-3'), await send(known, 'right')]).toEqual([429, 204]);
});
