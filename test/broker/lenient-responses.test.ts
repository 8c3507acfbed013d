/** Responses that a client must accept by the RFCs, and idle connections closed by the server. */
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { ResponseHeads } from '../../src/broker/response-heads.ts';
import { certificate, privateKey } from '../support/certificate.ts';
import { ask, openOutbound, rawServer, refusal, serverOf } from '../support/outbound.ts';

/** One connection, reused by every request. */
const outboundHere = () =>
  openOutbound({ allowPrivateNetwork: '127.0.0.1,localhost', limits: { connectionsPerOrigin: 1 } });
const OK = 'HTTP/1.1 200 OK\r\n';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Answers every request with the same bytes. */
const answering = (answer: string) => (socket: Socket) => void socket.on('data', () => socket.write(answer, 'latin1'));

test.each([
  ['100', CONTINUE],
  ['100 with headers', 'HTTP/1.1 100 Continue\r\nx: 1\r\ny: 2\r\n\r\n'],
  ['100, twice', CONTINUE + CONTINUE],
  ['100, 102 and 103', `${CONTINUE}HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n`],
  ['199, which nobody knows', 'HTTP/1.1 199 News\r\n\r\n'],
])('%s before the response is skipped, also on a reused connection', async (_what, before) => {
  const port = await rawServer(answering(`${before}${OK}content-length: 3\r\n\r\nabc`));
  const outbound = outboundHere();
  for (const method of ['GET', 'POST', 'GET']) {
    const reply = await ask(outbound, `http://127.0.0.1:${port}/`, { method, ...(method === 'POST' && { body: 'x' }) });
    expect(reply).toMatchObject({ status: 200, statusText: 'OK', body: 'abc' });
  }
});

test('100 in single bytes, and before a redirect', async () => {
  const port = await rawServer((socket) =>
    socket.setNoDelay().on('data', async (request) => {
      const place = String(request).startsWith('GET /end ')
        ? `${OK}content-length: 3`
        : 'HTTP/1.1 307 Go\r\nlocation: /end\r\ncontent-length: 3';
      for (const byte of `${CONTINUE}${place}\r\n\r\nabc`) await new Promise((written) => socket.write(byte, written));
    }),
  );
  const reply = await ask(outboundHere(), `http://127.0.0.1:${port}/`);
  expect(reply).toMatchObject({ status: 200, body: 'abc', redirected: true });
});

test.each([
  ['with spaces', 'x-a: one\r\n   two', 'one     two'],
  ['with a tab', 'x-a: one\r\n\ttwo', 'one  \ttwo'],
  ['over three lines', 'x-a: one\r\n two\r\n three', 'one   two   three'],
  ['from its start', 'x-a:\r\n one', 'one'],
])('a header folded %s is one value', async (_how, header, value) => {
  const port = await rawServer(answering(`${OK}${header}\r\ncontent-length:\r\n 3\r\n\r\nabc`));
  const reply = await ask(outboundHere(), `http://127.0.0.1:${port}/`);
  expect([reply.status, reply.body]).toEqual([200, 'abc']);
  expect(reply.headers).toContainEqual(['x-a', value]);
});

test('bodies that look like heads stay as they are', async () => {
  const body = `${CONTINUE}${OK}a: b\r\n c\r\n\r\n d\r\n e`;
  const port = await rawServer(answering(`${OK}content-length: ${body.length}\r\n\r\n${body}`));
  const outbound = outboundHere();
  for (let i = 0; i < 3; i++) expect((await ask(outbound, `http://127.0.0.1:${port}/`)).body).toBe(body);
});

test('the result does not depend on how a response is split', () => {
  const given = `${CONTINUE}${OK}a: b\r\n c\r\nd:\r\n\te\r\n\r\n100\r\n body`;
  const expected = `HTTP/1.1 102 Continue\r\n\r\n${OK}a: b   c\r\nd:  \te\r\n\r\n100\r\n body`;
  for (let at = 0; at <= given.length; at++) {
    const heads = new ResponseHeads();
    const pieces = [given.slice(0, at), given.slice(at)].map((piece) => heads.take(Buffer.from(piece)));
    expect(Buffer.concat(pieces).toString(), `cut at ${at}`).toBe(expected);
  }
});

interface Idler {
  readonly port: number;
  /** Methods in the order that they came, with the number of their connection. */
  readonly requests: [connection: number, method: string][];
}

/** Answers the first request of a connection, and closes the connection at the second. */
async function closingAtTheSecond(): Promise<Idler> {
  const requests: Idler['requests'] = [];
  let connections = 0;
  const port = await rawServer((socket) => {
    const connection = ++connections;
    let isUsed = false;
    socket.on('data', (request) => {
      requests.push([connection, String(request).split(' ')[0] as string]);
      if (isUsed) return socket.destroy();
      isUsed = true;
      socket.write(`${OK}content-length: 3\r\n\r\nabc`);
    });
  });
  return { port, requests };
}

test.each(['GET', 'PUT', 'DELETE', 'OPTIONS'])(
  '%s on a connection that was closed while it was idle is repeated once, on a new one',
  async (method) => {
    const { port, requests } = await closingAtTheSecond();
    const outbound = outboundHere();
    const url = `http://127.0.0.1:${port}/`;
    await ask(outbound, url);
    const reply = await ask(outbound, url, { method, ...(method === 'PUT' && { body: 'x'.repeat(100_000) }) });
    expect(reply).toMatchObject({ status: 200, body: 'abc' });
    const seen = requests.filter(([, name]) => /^[A-Z]+$/.test(name));
    expect(seen).toEqual([
      [1, 'GET'],
      [1, method],
      [2, method],
    ]);
  },
);

test.each(['POST', 'PATCH'])('%s is not repeated', async (method) => {
  const { port, requests } = await closingAtTheSecond();
  const outbound = outboundHere();
  const url = `http://127.0.0.1:${port}/`;
  await ask(outbound, url);
  expect(await refusal(ask(outbound, url, { method, body: 'x' }))).toMatchObject({ code: 'request_failed' });
  expect(requests).toEqual([
    [1, 'GET'],
    [1, method],
  ]);
});

test('nor is a request on a new connection, nor one whose response has begun', async () => {
  let requests = 0;
  const silent = await rawServer((socket) => socket.once('data', () => ++requests && socket.destroy()));
  expect(await refusal(ask(outboundHere(), `http://127.0.0.1:${silent}/`))).toMatchObject({ code: 'request_failed' });
  expect(requests).toBe(1);

  let answers = 0;
  const breaking = await rawServer((socket) =>
    socket.on('data', () => {
      if (++answers === 1) return socket.write(`${OK}content-length: 3\r\n\r\nabc`);
      return socket.end('HTTP/1.1 200');
    }),
  );
  const outbound = outboundHere();
  await ask(outbound, `http://127.0.0.1:${breaking}/`);
  expect(await refusal(ask(outbound, `http://127.0.0.1:${breaking}/`))).toMatchObject({ code: 'request_failed' });
  expect(answers).toBe(2);
});

test('a server that closes every connection at its second request gets two requests at most', async () => {
  let requests = 0;
  let isClosing = false;
  const port = await rawServer((socket) =>
    socket.on('data', () => {
      requests++;
      if (isClosing) return socket.destroy();
      return socket.write(`${OK}content-length: 3\r\n\r\nabc`);
    }),
  );
  const outbound = outboundHere();
  await ask(outbound, `http://127.0.0.1:${port}/`);
  isClosing = true;
  expect(await refusal(ask(outbound, `http://127.0.0.1:${port}/`))).toMatchObject({ code: 'request_failed' });
  expect(requests).toBe(3);
});

test('over TLS as well', async () => {
  const before = getCACertificates('default');
  onTestFinished(() => setDefaultCACertificates(before));
  setDefaultCACertificates([...before, certificate]);
  let requests = 0;
  const server = createTlsServer({ cert: certificate, key: privateKey }, (request, response) => {
    requests++;
    response.writeContinue();
    if (requests === 2) return request.socket.destroy();
    return response.end('secure');
  });
  const port = await serverOf(server);
  const outbound = outboundHere();
  for (let i = 0; i < 2; i++) expect((await ask(outbound, `https://localhost:${port}/`)).body).toBe('secure');
  expect(requests).toBe(3);
  server.closeAllConnections();
  await once(server.close(), 'close');
});
