/** Bodies: decompressed within limits, and passed as text or base64 both ways. */
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ask, httpServer, openOutbound, rawServer, refusal } from '../support/outbound.ts';

const MIB = 1024 * 1024;
const local = { allowPrivateNetwork: '127.0.0.1' };

const packers: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: (bytes) => gzipSync(bytes),
  'X-GZIP': (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  'deflate ': (bytes) => deflateRawSync(bytes),
  br: (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } }),
  zstd: (bytes) => zstdCompressSync(bytes),
  'gzip, br': (bytes) => brotliCompressSync(gzipSync(bytes)),
  'identity, gzip,': (bytes) => gzipSync(bytes),
};

/** Serves a body as it is, whatever encoding it claims. */
async function serving(body: Buffer, headers: Record<string, string> = {}): Promise<string> {
  const port = await httpServer((_request, response) => response.writeHead(200, headers).end(body));
  return `http://127.0.0.1:${port}/`;
}

describe.each(Object.entries(packers))('content-encoding: %j', (coding, pack) => {
  const text = 'ünïcödé '.repeat(10_000);

  test('is decompressed', async () => {
    const url = await serving(pack(Buffer.from(text)), { 'content-encoding': coding });
    const answer = await ask(openOutbound(local), url);
    expect(answer.bodyEncoding).toBe(undefined);
    expect(answer.body === text).toBe(true);
  });

  test('is decompressed up to the limit, and not one byte more', async () => {
    const limits = { responseBytes: 2 * MIB };
    const outbound = openOutbound({ ...local, limits });
    const [fits, isOver] = [2 * MIB, 2 * MIB + 1].map((size) => pack(Buffer.alloc(size, 'a')));
    const headers = { 'content-encoding': coding };
    expect((await ask(outbound, await serving(fits as Buffer, headers))).body).toHaveLength(2 * MIB);
    const denial = await refusal(ask(outbound, await serving(isOver as Buffer, headers)));
    expect(denial).toMatchObject({ code: 'response_too_large' });
  });

  test('that is truncated is an error', async () => {
    const packed = pack(randomBytes(100_000));
    const url = await serving(packed.subarray(0, packed.length / 2), { 'content-encoding': coding });
    expect(await refusal(ask(openOutbound(local), url))).toMatchObject({ code: 'request_failed' });
  });

  test('of an empty body', async () => {
    const url = await serving(Buffer.alloc(0), { 'content-encoding': coding });
    expect(await ask(openOutbound(local), url)).toMatchObject({ status: 200, body: '' });
    const port = await httpServer((_request, response) =>
      response.writeHead(200, { 'content-encoding': coding, 'content-length': '1000' }).end(),
    );
    const head = await ask(openOutbound(local), `http://127.0.0.1:${port}/`, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
  });
});

test('an unknown coding is passed on as it is', async () => {
  const url = await serving(Buffer.from('as it is'), { 'content-encoding': 'gzip, strange' });
  expect(await ask(openOutbound(local), url)).toMatchObject({ body: 'as it is' });
});

describe('bombs', () => {
  /** A gibibyte of zeros in a megabyte: gzip takes members one after the other. */
  const gzipBomb = (): Buffer => Buffer.concat(Array(128).fill(gzipSync(Buffer.alloc(8 * MIB))));
  const gibibyte = Buffer.alloc(256 * MIB);
  const bombs: [string, string, () => Buffer][] = [
    ['gzip', 'gzip', gzipBomb],
    ['gzip in gzip', 'gzip, gzip', () => gzipSync(gzipBomb())],
    ['deflate', 'deflate', () => deflateSync(gibibyte)],
    ['br', 'br', () => (packers.br as (bytes: Buffer) => Buffer)(gibibyte)],
    ['zstd', 'zstd', () => zstdCompressSync(gibibyte)],
  ];

  test.each(bombs)('%s', async (_what, coding, make) => {
    const url = await serving(make(), { 'content-encoding': coding });
    const outbound = openOutbound(local);
    const before = process.memoryUsage();
    let most = 0;
    const watch = setInterval(() => {
      const { external, heapUsed } = process.memoryUsage();
      most = Math.max(most, external + heapUsed - before.external - before.heapUsed);
    }, 1);
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: 4 }, () => refusal(ask(outbound, url))));
    clearInterval(watch);
    for (const denial of answers) expect(denial).toMatchObject({ code: 'response_too_large' });
    // Four at once, ten mebibytes each, and as much again on the way.
    expect(most / MIB).toBeLessThan(100);
    // All of it unpacked would take seconds.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  test('a window that takes too much memory is refused, a usual one is not', async () => {
    const noise = Buffer.concat([randomBytes(9 * MIB), Buffer.alloc(100, 'a')]);
    const withWindow = (log: number) =>
      zstdCompressSync(noise, {
        params: {
          [constants.ZSTD_c_windowLog]: log,
          [constants.ZSTD_c_compressionLevel]: 1,
          [constants.ZSTD_c_contentSizeFlag]: 0,
        },
      });
    const headers = { 'content-encoding': 'zstd' };
    const large = await refusal(ask(openOutbound(local), await serving(withWindow(27), headers)));
    expect(large).toMatchObject({ code: 'request_failed' });
    expect(await ask(openOutbound(local), await serving(withWindow(22), headers))).toMatchObject({ status: 200 });
  });

  test('bytes that decompress to nothing count as received', async () => {
    // Empty stored blocks of deflate, without an end.
    const port = await rawServer((socket) =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\n\r\n');
        socket.write(Buffer.from([0x78, 0x9c]));
        const blocks = Buffer.alloc(65_535, Buffer.from([0, 0, 0, 0xff, 0xff]));
        const write = (): void => {
          while (!socket.destroyed && socket.write(blocks));
        };
        socket.on('drain', write);
        write();
      }),
    );
    const denial = await refusal(ask(openOutbound(local), `http://127.0.0.1:${port}/`));
    expect(denial).toMatchObject({ code: 'response_too_large' });
  });
});

test('single bytes cost no more than large chunks', async () => {
  const chunks = '1\r\na\r\n'.repeat(20_000);
  const port = await rawServer((socket) =>
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      for (let i = 0; i < 100; i++) socket.write(chunks);
      socket.end('0\r\n\r\n');
    }),
  );
  const heapBefore = process.memoryUsage().heapUsed;
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().heapUsed - heapBefore);
  }, 1);
  const { body } = await ask(openOutbound(local), `http://127.0.0.1:${port}/`);
  clearInterval(watch);
  expect(body).toHaveLength(2_000_000);
  expect(most / MIB).toBeLessThan(100);
});

describe('the default limit', () => {
  test.each([
    [10 * MIB, undefined],
    [10 * MIB + 1, 'response_too_large'],
  ])('%i bytes: %s', async (size, code) => {
    const answer = ask(openOutbound(local), await serving(Buffer.alloc(size, 'a')));
    expect((await refusal(answer))?.code).toBe(code);
  });
});

describe('text or base64', () => {
  test.each<[string, Buffer, 'base64' | undefined]>([
    ['text', Buffer.from('grüße \u0000 🚀'), undefined],
    ['nothing', Buffer.alloc(0), undefined],
    ['a byte-order mark', Buffer.from('\ufefftext'), undefined],
    ['half a character', Buffer.from('🚀').subarray(0, 2), 'base64'],
    ['Latin-1', Buffer.from('grüße', 'latin1'), 'base64'],
    ['UTF-16', Buffer.from('grüße', 'utf16le'), 'base64'],
    ['a surrogate in UTF-8', Buffer.from([0xed, 0xa0, 0x80]), 'base64'],
    ['noise', randomBytes(100_000), 'base64'],
  ])('%s comes as it was sent', async (_what, bytes, encoding) => {
    const answer = await ask(openOutbound(local), await serving(bytes));
    expect(answer.bodyEncoding).toBe(encoding);
    expect(Buffer.from(answer.body, answer.bodyEncoding ?? 'utf8').equals(bytes)).toBe(true);
  });

  test.each<[string, string, 'base64' | undefined, Buffer]>([
    ['text', 'grüße', undefined, Buffer.from('grüße')],
    ['base64', Buffer.from([0, 255, 128]).toString('base64'), 'base64', Buffer.from([0, 255, 128])],
    ['nothing', '', 'base64', Buffer.alloc(0)],
  ])('%s is sent as it was given', async (_what, body, encoding, bytes) => {
    const received: Buffer[] = [];
    const lengths: (string | undefined)[] = [];
    const port = await httpServer((request, response) => {
      lengths.push(request.headers['content-length']);
      void buffer(request).then((all) => response.end(String(received.push(all))));
    });
    const asked = { method: 'POST', body, ...(encoding ? { bodyEncoding: encoding } : {}) };
    await ask(openOutbound(local), `http://127.0.0.1:${port}/`, asked);
    expect(received).toEqual([bytes]);
    expect(lengths).toEqual([String(bytes.length)]);
  });

  test.each(['a', '####', 'YWJj=', 'YW==YW==', 'YWJ\n', 'YW-_'])('%j is not base64', async (body) => {
    const url = await serving(Buffer.alloc(0));
    const answer = ask(openOutbound(local), url, { method: 'POST', body, bodyEncoding: 'base64' });
    expect(await refusal(answer)).toMatchObject({ code: 'invalid_request' });
  });
});
