/** What a connector must not reach. Control: the same, allowed by the operator. */
import type { LookupFunction } from 'node:net';
import { describe, expect, test } from 'vitest';
import { isOriginPattern } from '../../src/broker/origin-permissions.ts';
import { ask, httpServer, openOutbound, refusal } from '../support/outbound.ts';

/** Answers with the address it was reached at. */
const secretServer = (host: string, port = 0): Promise<number> =>
  httpServer((request, response) => response.end(`reached ${request.socket.localAddress}`), host, port);

/** Resolves each name to the next of these lists of addresses. */
function resolving(...answers: string[][]): LookupFunction & { readonly asked: string[] } {
  const asked: string[] = [];
  const lookup: LookupFunction = (hostname, _options, callback) => {
    const addresses = answers[asked.length % answers.length] ?? [];
    asked.push(hostname);
    setImmediate(() =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    );
  };
  return Object.assign(lookup, { asked });
}

describe('spellings of this machine', () => {
  test.each([
    // spelling, where the server listens, what opens it
    ['127.0.0.1', '127.0.0.1', '127.0.0.0/8'],
    ['127.255.255.254', '127.255.255.254', '127.0.0.0/8'],
    ['127.0.1', '127.0.0.1', '127.0.0.1'],
    ['127.1', '127.0.0.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1', '127.0.0.1'],
    ['0x7f000001', '127.0.0.1', '127.0.0.1'],
    ['0x7f.0.0x0.1', '127.0.0.1', '127.0.0.1'],
    ['017700000001', '127.0.0.1', '127.0.0.1'],
    ['0177.0.0.01', '127.0.0.1', '127.0.0.1'],
    ['127.0.0.1.', '127.0.0.1', '127.0.0.1'],
    ['%31%32%37.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['①②⑦.⓪.⓪.①', '127.0.0.1', '127.0.0.1'],
    ['127。0。0。1', '127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '0.0.0.0', '0.0.0.0/8'],
    ['0', '0.0.0.0', '0.0.0.0'],
    ['[::1]', '::1', '::1'],
    ['[0:0:0:0:0:0:0:1]', '::1', '::1/128'],
    ['[0000::0001]', '::1', '::/64'],
    ['[::]', '::', '::'],
    ['[::ffff:127.0.0.1]', '127.0.0.1', '127.0.0.1'],
    ['[::ffff:7f00:1]', '127.0.0.1', '127.0.0.0/8'],
    ['[0:0:0:0:0:ffff:7f00:0001]', '127.0.0.1', '::ffff:127.0.0.1'],
    ['localhost', '127.0.0.1', 'localhost'],
    ['LOCALHOST', '127.0.0.1', '127.0.0.0/8,::1'],
  ])('%s', async (spelling, host, openings) => {
    const port = await secretServer(host);
    const url = `http://${spelling}:${port}/`;
    const denial = await refusal(ask(openOutbound(), url));
    expect(denial).toMatchObject({ code: 'permission_denied', message: expect.stringContaining('PRIVATE_NETWORK') });
    const opened = await ask(openOutbound({ allowPrivateNetwork: openings }), url);
    expect([opened.status, opened.body]).toEqual([200, expect.stringMatching(/^reached /)]);
    // What else is open does not matter.
    const others = openOutbound({ allowPrivateNetwork: '10.0.0.0/8,fd00::/8,elsewhere' });
    expect(await refusal(ask(others, url))).toMatchObject({ code: 'permission_denied' });
  });
});

// Nothing is sent there, opened or not: that it is understood as the address, and that the address can be opened, is
// shown by the message and by address-guard.test.ts.
describe('spellings of other blocked addresses', () => {
  const METADATA = '169.254.169.254';
  test.each([
    [METADATA, METADATA],
    ['2852039166', METADATA],
    ['0xa9fea9fe', METADATA],
    ['0xA9.0xFE.0xA9.0xFE', METADATA],
    ['025177524776', METADATA],
    ['0251.0376.0251.0376', METADATA],
    ['169.254.43518', METADATA],
    ['169.16689662', METADATA],
    ['169.254.169.254.', METADATA],
    ['①⑥⑨。254。169。254', METADATA],
    ['[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]'],
    ['[::ffff:a9fe:a9fe]', '[::ffff:a9fe:a9fe]'],
    ['[64:ff9b::169.254.169.254]', '[64:ff9b::a9fe:a9fe]'],
    ['[2002:a9fe:a9fe::]', '[2002:a9fe:a9fe::]'],
    ['[fd00:ec2::254]', '[fd00:ec2::254]'],
    ['[fe80::1]', '[fe80::1]'],
    ['167772161', '10.0.0.1'],
    ['0xa.1', '10.0.0.1'],
    ['012.0.0.1', '10.0.0.1'],
    ['0300.0250.1.1', '192.168.1.1'],
    ['0xc0a80101', '192.168.1.1'],
    ['172.1048577', '172.16.0.1'],
    ['100.6568136', '100.100.56.200'],
    ['168.63.129.16', '168.63.129.16'],
    ['0xffffffff', '255.255.255.255'],
  ])('%s', async (spelling, host) => {
    const openings = ['', '127.0.0.0/8,::1,elsewhere'];
    for (const allowPrivateNetwork of openings) {
      const denial = await refusal(ask(openOutbound({ allowPrivateNetwork }), `http://${spelling}/latest/meta-data/`));
      expect(denial).toMatchObject({ code: 'permission_denied', message: expect.stringContaining('PRIVATE_NETWORK') });
      expect(denial?.message).toContain(host.replace(/^\[|\]$/g, ''));
    }
  });
});

test.each(['[fe80::1%25lo]', '[fe80::1%lo]', '[::1%25lo]', '[::1%lo]'])('zone id: %s', async (spelling) => {
  const port = await secretServer('::1');
  const everything = openOutbound({ allowPrivateNetwork: '0.0.0.0/0,::/0' });
  const denial = await refusal(
    ask(everything, `http://${spelling}:${port}/`, { permissions: [`http://[::1]:${port}`] }),
  );
  expect(denial).toMatchObject({ code: 'invalid_request' });
  expect(await ask(everything, `http://[::1]:${port}/`)).toMatchObject({ status: 200 });
});

describe('by name', () => {
  test('that resolves to a blocked address', async () => {
    const port = await secretServer('127.0.0.1');
    const url = `http://shop.example:${port}/`;
    const lookup = resolving(['127.0.0.1']);
    const denial = await refusal(ask(openOutbound({ lookup }), url));
    expect(denial).toMatchObject({ code: 'permission_denied', message: expect.stringContaining('shop.example') });
    expect(denial?.message).not.toContain('127.0');
    for (const allowPrivateNetwork of ['127.0.0.1', 'shop.example', 'SHOP.example, 10.0.0.0/8']) {
      expect(await ask(openOutbound({ lookup, allowPrivateNetwork }), url)).toMatchObject({ status: 200 });
    }
    // A name opens itself, and not the names below it or the address behind it.
    for (const other of ['example', 'a.shop.example', 'shop.example.']) {
      const closed = openOutbound({ lookup, allowPrivateNetwork: other });
      expect(await refusal(ask(closed, url)), other).toMatchObject({ code: 'permission_denied' });
    }
    const byName = openOutbound({ lookup, allowPrivateNetwork: 'shop.example' });
    expect(await refusal(ask(byName, `http://127.0.0.1:${port}/`))).toMatchObject({ code: 'permission_denied' });
  });

  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    'fe80::1%eth0',
    'fd00:ec2::254',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'not an address',
    '',
  ])('that resolves to %j', async (address) => {
    const denial = await refusal(ask(openOutbound({ lookup: resolving([address]) }), 'http://shop.example/'));
    expect(denial).toMatchObject({ code: 'permission_denied' });
  });

  test('of all addresses of a name, the permitted ones are used', async () => {
    const port = await secretServer('127.0.0.2');
    await secretServer('127.0.0.1', port);
    const lookup = resolving(['127.0.0.1', '::1', '127.0.0.2', '169.254.169.254']);
    const outbound = openOutbound({ lookup, allowPrivateNetwork: '127.0.0.2' });
    for (let i = 0; i < 3; i++) {
      const { body } = await ask(outbound, `http://shop.example:${port}/`, { headers: [['x', String(i)]] });
      expect(body).toBe('reached 127.0.0.2');
    }
  });

  test('that resolves differently at the second request', async () => {
    const served: string[] = [];
    const listener = (host: string) => (_request: unknown, response: import('node:http').ServerResponse) => {
      served.push(host);
      response.writeHead(200, { connection: 'close' }).end(host);
    };
    const port = await httpServer(listener('open'), '127.0.0.2');
    await httpServer(listener('closed'), '127.0.0.1', port);
    const lookup = resolving(['127.0.0.2'], ['127.0.0.1']);
    const outbound = openOutbound({ lookup, allowPrivateNetwork: '127.0.0.2' });
    const url = `http://rebind.example:${port}/`;
    const outcomes = [];
    for (let i = 0; i < 6; i++) outcomes.push((await refusal(ask(outbound, url)))?.code ?? 'reached');
    // One look-up for each connection: what was checked is what is connected to.
    expect(lookup.asked).toHaveLength(6);
    expect(outcomes).toEqual([
      'reached',
      'permission_denied',
      'reached',
      'permission_denied',
      'reached',
      'permission_denied',
    ]);
    expect(served).toEqual(['open', 'open', 'open']);
    const both = openOutbound({ lookup: resolving(['127.0.0.2'], ['127.0.0.1']), allowPrivateNetwork: '127.0.0.0/8' });
    expect([(await ask(both, url)).body, (await ask(both, url)).body]).toEqual(['open', 'closed']);
  });

  test('over a connection opened under another name', async () => {
    const port = await secretServer('127.0.0.1');
    const outbound = openOutbound({ lookup: resolving(['127.0.0.1']), allowPrivateNetwork: 'open.example' });
    expect(await ask(outbound, `http://open.example:${port}/`)).toMatchObject({ status: 200 });
    expect(await refusal(ask(outbound, `http://closed.example:${port}/`))).toMatchObject({ code: 'permission_denied' });
  });
});

describe('by redirect', () => {
  const cases = [301, 302, 303, 307, 308].flatMap((status) => [
    { status, by: 'address' as const },
    { status, by: 'name' as const },
    { status, by: 'origin' as const },
  ]);
  test.each(cases)('$status to a closed $by', async ({ status, by }) => {
    let reached = 0;
    const inner = await httpServer((_request, response) => response.end(`inner ${++reached}`));
    const target = `http://${by === 'name' ? 'inner.example' : '127.0.0.1'}:${inner}/`;
    const outer = await httpServer(
      (_request, response) => response.writeHead(status, { location: target }).end(),
      '127.0.0.2',
    );
    const url = `http://127.0.0.2:${outer}/`;
    const permissions = [`http://127.0.0.2:${outer}`, ...(by === 'origin' ? [] : [target])];
    const lookup = resolving(['127.0.0.1']);
    const openings = by === 'origin' ? '127.0.0.0/8' : '127.0.0.2';
    const denial = await refusal(ask(openOutbound({ lookup, allowPrivateNetwork: openings }), url, { permissions }));
    expect(denial).toMatchObject({ code: 'permission_denied' });
    if (by === 'origin') {
      expect(denial?.message).toContain(new URL(target).origin);
      expect(denial?.message).toContain('permissions.fetch');
    }
    expect(reached).toBe(0);
    const opened = openOutbound({ lookup, allowPrivateNetwork: '127.0.0.0/8' });
    const answer = await ask(opened, url, { permissions: [url, target] });
    expect(answer).toMatchObject({ body: 'inner 1', redirected: true, url: target });
  });
});

describe('origins that the manifest does not name', () => {
  test.each([
    ['https://*.shop.example', 'http://a.shop.example/'],
    ['https://*.shop.example', 'https://shop.example/'],
    ['https://*.shop.example', 'https://a.b.shop.example/'],
    ['https://*.shop.example', 'https://.shop.example/'],
    ['https://*.shop.example', 'https://a.shop.example:8443/'],
    ['https://*.shop.example', 'https://a.shop.example.evil.example/'],
    ['https://*.shop.example', 'https://evil.example/.shop.example'],
    ['https://*.shop.example', 'https://evil.example#.shop.example'],
    ['https://*.shop.example', 'https://evil.example?.shop.example'],
    ['https://*.shop.example', 'https://evil.example\\.shop.example'],
    ['https://*.shop.example', 'https://a.shop.example./'],
    ['https://shop.example', 'https://shop.example.evil.example/'],
    ['https://shop.example:8443', 'https://shop.example/'],
    ['http://127.0.0.1', 'http://127.0.0.1:81/'],
    ['*', 'http://a.example/'],
    ['https://*', 'https://localhost/'],
    ['https://a.*.example', 'https://a.b.example/'],
    ['https://*.0.0.1', 'https://127.0.0.1/'],
    ['https://shop.example/path', 'https://shop.example/path'],
    ['https://user@shop.example', 'https://shop.example/'],
    ['', 'https://shop.example/'],
  ])('%j does not permit %s', async (pattern, url) => {
    const denial = await refusal(
      ask(openOutbound({ allowPrivateNetwork: '0.0.0.0/0' }), url, { permissions: [pattern] }),
    );
    expect(denial).toMatchObject({ code: 'permission_denied' });
    expect(denial?.message).toContain('permissions.fetch');
    expect(denial?.message).toContain(new URL(url).origin);
  });

  test.each([
    ['http://*.shop.example', 'http://a.shop.example'],
    ['http://*.shop.example', 'HTTP://A.SHOP.example'],
    ['HTTP://*.Shop.Example/', 'http://xn--bcher-kva.shop.example'],
    ['http://bücher.example', 'http://xn--bcher-kva.example'],
    ['http://shop.example', 'http://shop.example'],
    ['http://127.0.0.1', 'http://0x7f.1'],
    ['http://[::1]', 'http://[0::1]'],
  ])('%s permits %s', async (pattern, origin) => {
    const port = await secretServer(origin.includes('[') ? '::1' : '127.0.0.1');
    const outbound = openOutbound({ lookup: resolving(['127.0.0.1']), allowPrivateNetwork: '127.0.0.1,::1' });
    const permissions = [`${pattern.replace(/\/$/, '')}:${port}`];
    expect(await ask(outbound, `${origin}:${port}/`, { permissions })).toMatchObject({ status: 200 });
  });

  test("the scheme's default port equals no port", async () => {
    const outbound = openOutbound();
    const passesTo = async (pattern: string, url: string) =>
      (await refusal(ask(outbound, url, { permissions: [pattern] })))?.message;
    for (const [pattern, url] of [
      ['http://127.0.0.1:80', 'http://127.0.0.1/'],
      ['http://127.0.0.1', 'http://127.0.0.1:80/'],
      ['https://127.0.0.1:443', 'https://127.0.0.1/'],
      ['https://127.0.0.1', 'https://127.0.0.1:443/'],
    ] as const) {
      expect(await passesTo(pattern, url)).toContain('PRIVATE_NETWORK');
    }
  });
});

test('a pattern that matches no origin', () => {
  for (const good of [
    'https://a.example',
    'http://*.a.example:81/',
    'http://127.0.0.1:81',
    'http://[::1]',
    'https://*.com',
  ]) {
    expect([good, isOriginPattern(good)]).toEqual([good, true]);
  }
  const bad = [
    '',
    '*',
    'a.example',
    'https://',
    'https://*',
    'https://*.',
    'https://**.a.example',
    'https://a*.example',
  ];
  bad.push(
    'https://*.*.example',
    'https://*.0.0.1',
    'https://*.4',
    'https://*.[::1]',
    'https://a.example/b',
    ' https://a.example',
  );
  bad.push(
    'https://a.example?q',
    'https://a.example#h',
    'https://u@a.example',
    'ftp://a.example',
    'https://a.example:*',
  );
  for (const text of bad) expect([text, isOriginPattern(text)]).toEqual([text, false]);
});

test.each([
  'file:///etc/passwd',
  'data:text/plain,hello',
  'ftp://127.0.0.1/',
  'gopher://127.0.0.1/',
  'ws://127.0.0.1/',
  'blob:http://127.0.0.1/x',
  'javascript:1',
  'unix:/var/run/docker.sock',
  'about:blank',
])('another scheme: %s', async (url) => {
  const everything = openOutbound({ allowPrivateNetwork: '0.0.0.0/0' });
  const denial = await refusal(ask(everything, url, { permissions: [url, 'http://127.0.0.1'] }));
  expect(denial).toMatchObject({ code: 'permission_denied', message: expect.stringContaining('permissions.fetch') });
});

test.each([
  'http://user@127.0.0.1:PORT/',
  'http://user:word@127.0.0.1:PORT/',
  'http://:word@127.0.0.1:PORT/',
  'http://a.example@127.0.0.1:PORT/',
  'http://127.0.0.1:PORT@evil.example/',
])('credentials in the address: %s', async (template) => {
  const port = await secretServer('127.0.0.1');
  const outbound = openOutbound({ allowPrivateNetwork: '127.0.0.1' });
  const permissions = [`http://127.0.0.1:${port}`, 'http://evil.example', 'http://a.example'];
  const denial = await refusal(ask(outbound, template.replace('PORT', String(port)), { permissions }));
  expect(denial).toMatchObject({ code: 'invalid_request' });
  const unpermitted = ask(outbound, template.replace('PORT', String(port)), { permissions: ['https://other.example'] });
  expect(await refusal(unpermitted)).toMatchObject({ code: 'permission_denied' });
  expect(await ask(outbound, `http://127.0.0.1:${port}/user@`, { permissions })).toMatchObject({ status: 200 });
});

test.each(['', 'http://', '/relative', 'http://a b/', 'http://[::1', 'http://1.2.3.256/', 'http://a.example:70000/'])(
  'no address at all: %j',
  async (url) => {
    expect(await refusal(ask(openOutbound(), url))).toMatchObject({ code: 'invalid_request' });
  },
);
