/** Misbehaving servers. Each leads to a typed error that reveals nothing about our side. */
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { certificate, privateKey } from '../support/certificate.ts';
import { ask, httpServer, openOutbound, rawServer, refusal, serverOf } from '../support/outbound.ts';

const quick = { allowPrivateNetwork: '127.0.0.1', limits: { headersMs: 300, totalMs: 600 } };
const patient = { allowPrivateNetwork: '127.0.0.1' };
const HEAD = 'HTTP/1.1 200 OK\r\n';

/** Sends the same bytes endlessly, as fast as they are read. */
function forever(socket: Socket, text: string): void {
  const chunk = text.repeat(Math.ceil(1_000 / text.length));
  const write = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', write);
  write();
}

/** Runs once a request has arrived. */
function saying(work: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => socket.once('data', () => work(socket));
}

/** Sends a little at a time, so that no idle timeout applies. */
function trickling(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 20);
  socket.on('close', () => clearInterval(timer));
}

const rows: [what: string, code: string, onConnection: (socket: Socket) => void][] = [
  ['a connection that closes at once', 'request_failed', (socket) => socket.destroy()],
  ['a connection that is reset', 'request_failed', saying((socket) => socket.resetAndDestroy())],
  ['an end without an answer', 'request_failed', saying((socket) => socket.end())],
  ['garbage', 'request_failed', saying((socket) => socket.end('\x00\x01\x02 nothing to see \xff\r\n\r\n'))],
  ['another protocol', 'request_failed', saying((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'))],
  ['a status that is none', 'request_failed', saying((socket) => socket.end('HTTP/1.1 abc OK\r\n\r\n'))],
  ['a version that is none', 'request_failed', saying((socket) => socket.end('HTTP/9.9 200 OK\r\n\r\n'))],
  ['garbage in the headers', 'request_failed', saying((socket) => socket.end(`${HEAD}a b c\r\n\x00: 1\r\n\r\n`))],
  ['headers that break off', 'request_failed', saying((socket) => socket.end(`${HEAD}a: 1\r\nb`))],
  [
    'two lengths',
    'request_failed',
    saying((socket) => socket.end(`${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\nab`)),
  ],
  [
    'a length and chunks',
    'request_failed',
    saying((socket) => socket.end(`${HEAD}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`)),
  ],
  ['a negative length', 'request_failed', saying((socket) => socket.end(`${HEAD}content-length: -1\r\n\r\na`))],
  [
    'a body shorter than its length',
    'request_failed',
    saying((socket) => socket.end(`${HEAD}content-length: 10\r\n\r\nabc`)),
  ],
  [
    'a reset in the body',
    'request_failed',
    saying((socket) => socket.write(`${HEAD}content-length: 10\r\n\r\nabc`, () => socket.resetAndDestroy())),
  ],
  [
    'chunks that break off',
    'request_failed',
    saying((socket) => socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nabc`)),
  ],
  [
    'a chunk with no length',
    'request_failed',
    saying((socket) => socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`)),
  ],
  [
    '101, another protocol',
    'request_failed',
    saying((socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'),
    ),
  ],
  [
    '101 without a word',
    'request_failed',
    saying((socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')),
  ],
  ['100, and then nothing', 'request_timeout', saying((socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'))],
  [
    'gzip that is none',
    'request_failed',
    saying((socket) => socket.end(`${HEAD}content-encoding: gzip\r\n\r\nnot gzip at all`)),
  ],
  [
    'deflate that is none',
    'request_failed',
    saying((socket) => socket.end(`${HEAD}content-encoding: deflate\r\n\r\n\xff\xff\xff`)),
  ],
  [
    'brotli that is none',
    'request_failed',
    saying((socket) => socket.end(`${HEAD}content-encoding: br\r\n\r\nnot brotli at all`)),
  ],
  [
    'zstd that is none',
    'request_failed',
    saying((socket) => socket.end(`${HEAD}content-encoding: zstd\r\n\r\nnot zstd at all`)),
  ],
  [
    'six encodings',
    'request_failed',
    saying((socket) => socket.end(`${HEAD}content-encoding: gzip,gzip,gzip,gzip,gzip,gzip\r\n\r\na`)),
  ],
  ['no answer at all', 'request_timeout', saying(() => {})],
  [
    'a status line that does not end',
    'request_timeout',
    saying((socket) => socket.write('HTTP/1.1 200 ', () => forever(socket, 'a'))),
  ],
  [
    'headers that trickle',
    'request_timeout',
    saying((socket) => socket.write(HEAD, () => trickling(socket, 'a: 1\r\n'))),
  ],
  [
    'headers without an end',
    'response_too_large',
    saying((socket) => socket.write(HEAD, () => forever(socket, 'a: 1\r\n'))),
  ],
  [
    'a header without an end',
    'response_too_large',
    saying((socket) => socket.write(`${HEAD}a: `, () => forever(socket, 'a'))),
  ],
  [
    'a header name without an end',
    'response_too_large',
    saying((socket) => socket.write(HEAD, () => forever(socket, 'a'))),
  ],
  [
    'early hints without an end',
    'request_timeout',
    saying((socket) => trickling(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n')),
  ],
  [
    'early hints as fast as it can',
    'request_timeout',
    saying((socket) => forever(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n')),
  ],
  [
    'a body that trickles',
    'request_timeout',
    saying((socket) => socket.write(`${HEAD}\r\n`, () => trickling(socket, 'a'))),
  ],
  [
    'a body without an end',
    'response_too_large',
    saying((socket) => socket.write(`${HEAD}\r\n`, () => forever(socket, 'a'))),
  ],
  [
    'chunks without an end',
    'response_too_large',
    saying((socket) => socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`, () => forever(socket, '1\r\na\r\n'))),
  ],
  [
    'a chunk extension without an end',
    'request_timeout',
    saying((socket) => socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n1;`, () => forever(socket, 'a'))),
  ],
  [
    'trailers without an end',
    'response_too_large',
    saying((socket) =>
      socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n0\r\n`, () => forever(socket, 'a: 1\r\n')),
    ),
  ],
  [
    'a redirect to itself',
    'too_many_redirects',
    saying((socket) => socket.end('HTTP/1.1 302 Found\r\nlocation: /\r\nconnection: close\r\n\r\n')),
  ],
  [
    'a redirect with two places',
    'request_failed',
    saying((socket) => socket.end('HTTP/1.1 302 Found\r\nlocation: /a\r\nlocation: /b\r\n\r\n')),
  ],
];

const INTERNALS = /127\.0\.0\.1|::1|node:|undici|node_modules|\.ts|\bat \w|E[A-Z]{4,}|UND_|HPE_/;

test.each(rows)('%s: %s', async (_what, code, onConnection) => {
  const port = await rawServer(onConnection);
  const limits = code === 'request_timeout' ? quick : patient;
  const denial = await refusal(ask(openOutbound(limits), `http://127.0.0.1:${port}/`));
  expect(denial).toMatchObject({ code });
  expect(denial?.message).not.toMatch(INTERNALS);
});

const NOT_HTTP = 'The server answered with something that is not valid HTTP.';

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['a status that is not a number', 'HTTP/1.1 abc OK\r\n\r\n'],
  ['a header without a colon', `${HEAD}a b c\r\n\r\n`],
  ['two lengths', `${HEAD}content-length: 1\r\ncontent-length: 2\r\n\r\nab`],
  ['a length and chunks', `${HEAD}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`],
  ['a chunk without a length', `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n`],
  ['a folded status line', 'HTTP/1.1 200\r\n OK\r\n\r\n'],
  ['a folded length that is not a number', `${HEAD}content-length: 1\r\n 2\r\n\r\nabc`],
])('%s is reported as invalid HTTP', async (_what, answer) => {
  const port = await rawServer(saying((socket) => socket.end(answer)));
  const denial = await refusal(ask(openOutbound(patient), `http://127.0.0.1:${port}/`));
  expect(denial).toEqual({ code: 'request_failed', message: NOT_HTTP });
});

test('a truncated body is not reported as invalid HTTP', async () => {
  const port = await rawServer(saying((socket) => socket.end(`${HEAD}content-length: 10\r\n\r\nabc`)));
  const denial = await refusal(ask(openOutbound(patient), `http://127.0.0.1:${port}/`));
  expect(denial?.message).toBe('The connection ended before the response was complete.');
});

test('the control: a well-behaved server', async () => {
  const port = await rawServer(
    saying((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
      socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\ntrailer: 1\r\n\r\n`);
    }),
  );
  expect(await ask(openOutbound(quick), `http://127.0.0.1:${port}/`)).toMatchObject({ status: 200, body: 'abc' });
});

test('the head and the whole response have separate deadlines', async () => {
  const silent = await rawServer(() => {});
  const slow = await rawServer(saying((socket) => socket.write(`${HEAD}\r\n`, () => trickling(socket, 'a'))));
  const messageOf = async (port: number, limits: object): Promise<string | undefined> =>
    (await refusal(ask(openOutbound({ ...patient, limits }), `http://127.0.0.1:${port}/`)))?.message;
  expect(await messageOf(silent, { headersMs: 100 })).toBe('The server took too long to answer.');
  expect(await messageOf(slow, { headersMs: 100, totalMs: 300 })).toBe('The request took too long.');
  expect(await messageOf(silent, { totalMs: 100 })).toBe('The request took too long.');
});

test('a redirect whose body never ends is followed', async () => {
  const end = await httpServer((_request, response) => response.end('end'));
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const onward = await rawServer(
    saying((socket) => {
      socket.on('close', () => resolve());
      const head = `HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:${end}/\r\n\r\n`;
      socket.write(head, () => forever(socket, 'a'));
    }),
  );
  const permissions = [end, onward].map((each) => `http://127.0.0.1:${each}`);
  expect(await ask(openOutbound(quick), `http://127.0.0.1:${onward}/`, { permissions })).toMatchObject({ body: 'end' });
  await closed;
});

test.each([
  ['a redirect to nowhere', 'HTTP/1.1 302 Found\r\nlocation: http://\r\n\r\nabc'],
  ['a redirect to what is not permitted', 'HTTP/1.1 302 Found\r\nlocation: http://a.example/\r\n\r\nabc'],
  ['too many encodings', `${HEAD}content-encoding: br,br,br,br,br,br\r\n\r\nabc`],
  ['what does not unpack', `${HEAD}content-encoding: br\r\n\r\n${'abc'.repeat(10_000)}`],
])('%s leaves no connection open', async (_what, answer) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const port = await rawServer((socket) => {
    socket.on('close', () => resolve());
    socket.once('data', () => socket.write(answer));
  });
  expect(await refusal(ask(openOutbound(patient), `http://127.0.0.1:${port}/`))).toBeDefined();
  await closed;
});

test('bytes after a response are not taken for the next response', async () => {
  const port = await rawServer((socket) =>
    socket.on('data', () =>
      socket.write(`${HEAD}content-length: 3\r\n\r\noneHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfake`),
    ),
  );
  const outbound = openOutbound(patient);
  for (let i = 0; i < 3; i++) {
    const outcome = await ask(outbound, `http://127.0.0.1:${port}/${i}`).catch(({ code }) => code);
    expect([expect.objectContaining({ body: 'one' }), 'request_failed']).toContainEqual(outcome);
  }
});

test('an unreachable server, and an unknown name', async () => {
  const unreachable = await refusal(ask(openOutbound(patient), 'http://127.0.0.1:1/'));
  expect(unreachable).toMatchObject({ code: 'request_failed' });
  expect(unreachable?.message).not.toMatch(INTERNALS);
  const unknown = openOutbound({
    lookup: (_hostname, _options, callback) =>
      callback(Object.assign(new Error('getaddrinfo ENOTFOUND 10.0.0.53'), { code: 'ENOTFOUND' }), []),
  });
  const denial = await refusal(ask(unknown, 'http://nowhere.example/'));
  expect(denial).toMatchObject({ code: 'request_failed', message: 'The host name could not be resolved.' });
});

test('a name server that never answers', async () => {
  const outbound = openOutbound({ ...quick, lookup: () => {} });
  expect(await refusal(ask(outbound, 'http://slow.example/'))).toMatchObject({ code: 'request_timeout' });
  const other = openOutbound({ limits: { connectMs: 200 }, lookup: () => {} });
  expect(await refusal(ask(other, 'http://slow.example/'))).toMatchObject({ code: 'request_timeout' });
});

describe('TLS', () => {
  const options = { cert: certificate, key: privateKey };
  test('an untrusted certificate, and the control: the same one trusted', async () => {
    const port = await serverOf(createTlsServer(options, (_request, response) => response.end('secure')));
    const outbound = openOutbound({ allowPrivateNetwork: 'localhost' });
    const denial = await refusal(ask(outbound, `https://localhost:${port}/`));
    expect(denial).toMatchObject({ code: 'request_failed', message: expect.stringContaining('certificate') });
    const before = getCACertificates('default');
    onTestFinished(() => setDefaultCACertificates(before));
    setDefaultCACertificates([...before, certificate]);
    expect(await ask(outbound, `https://localhost:${port}/`)).toMatchObject({ status: 200, body: 'secure' });
    // Trusted, but of another name.
    const other = openOutbound({
      allowPrivateNetwork: '127.0.0.1',
      lookup: (_hostname, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    expect(await refusal(ask(other, `https://other.example:${port}/`))).toMatchObject({ code: 'request_failed' });
  });

  test('no TLS at all', async () => {
    const port = await rawServer(saying((socket) => socket.end(`${HEAD}\r\nplain`)));
    const denial = await refusal(ask(openOutbound(patient), `https://127.0.0.1:${port}/`));
    expect(denial).toMatchObject({ code: 'request_failed' });
    expect(denial?.message).not.toMatch(INTERNALS);
  });

  test('a handshake that never ends', async () => {
    const port = await rawServer(() => {});
    expect(await refusal(ask(openOutbound(quick), `https://127.0.0.1:${port}/`))).toMatchObject({
      code: 'request_timeout',
    });
  });
});

describe('the end of a run', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['before the answer', () => {}],
    ['in the body', (socket) => socket.write(`${HEAD}content-length: 10\r\n\r\nabc`)],
  ])('%s ends the request and its connection', async (_when, onRequest) => {
    const { promise: asked, resolve: hasAsked } = Promise.withResolvers<void>();
    const { promise: closed, resolve: hasClosed } = Promise.withResolvers<void>();
    const port = await rawServer((socket) => {
      socket.on('close', () => hasClosed());
      socket.once('data', () => {
        onRequest(socket);
        hasAsked();
      });
    });
    const run = new AbortController();
    const answer = refusal(ask(openOutbound(patient), `http://127.0.0.1:${port}/`, { signal: run.signal }));
    await asked;
    run.abort();
    expect(await answer).toMatchObject({ code: 'cancelled' });
    await closed;
  });

  test('while resolving the name', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const run = new AbortController();
    const outbound = openOutbound({ lookup: () => resolve() });
    const answer = refusal(ask(outbound, 'http://slow.example/', { signal: run.signal }));
    await asked;
    run.abort();
    expect(await answer).toMatchObject({ code: 'cancelled' });
  });

  test('before it has started', async () => {
    const answer = ask(openOutbound(patient), 'http://127.0.0.1:1/', { signal: AbortSignal.abort() });
    expect(await refusal(answer)).toMatchObject({ code: 'cancelled' });
  });

  test('and the end of the runtime', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const port = await httpServer(() => resolve());
    const outbound = openOutbound(patient);
    const answer = refusal(ask(outbound, `http://127.0.0.1:${port}/`));
    await asked;
    await Promise.all([outbound.close(), outbound.close()]);
    expect(await answer).toMatchObject({ code: 'cancelled' });
    expect(await refusal(ask(outbound, `http://127.0.0.1:${port}/`))).toMatchObject({ code: 'cancelled' });
  });
});
