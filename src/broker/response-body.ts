/** Reads and decompresses a response body. Both sizes are limited. */
import { pipeline as connect, Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import { BrokerError } from './broker-error.ts';

type Bytes = AsyncIterable<Buffer>;

/** Nested content codings. Common HTTP clients accept as many. */
const CODINGS_LIMIT = 5;
/** The largest window that decoders must support (RFC 9659). Limits memory. */
const ZSTD_WINDOW_LOG = 23;

/** Servers send deflate with and without zlib's header; the first byte tells which. */
function inflate([first = 0]: Buffer): Transform {
  return (first & 0x0f) === 8 ? createInflate() : createInflateRaw();
}

const decoders: ReadonlyMap<string, (beginning: Buffer) => Transform> = new Map([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['deflate', inflate],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } })],
]);

function limitBytes(limit: number): (source: Bytes) => Bytes {
  return async function* (source) {
    let size = 0;
    for await (const chunk of source) {
      size += chunk.length;
      if (size > limit)
        throw new BrokerError('response_too_large', `The response's body is larger than ${limit} bytes.`);
      yield chunk;
    }
  };
}

function decodeWith(makeDecoder: (beginning: Buffer) => Transform): (source: Bytes) => Bytes {
  return async function* (source) {
    const chunks = source[Symbol.asyncIterator]();
    const first = await chunks.next();
    // No bytes mean an empty body in every coding.
    if (first.done) return;
    const decoder = makeDecoder(first.value);
    async function* all(): AsyncGenerator<Buffer> {
      yield first.value;
      yield* { [Symbol.asyncIterator]: () => chunks };
    }
    // Errors surface through the decoder.
    connect(Readable.from(all(), { objectMode: false }), decoder, () => {});
    yield* decoder;
  };
}

/** A body in an unknown coding is passed on as it is. */
function decodersOf(contentEncoding: string): ((beginning: Buffer) => Transform)[] {
  const codings = contentEncoding.toLowerCase().split(',');
  if (codings.length > CODINGS_LIMIT)
    throw new BrokerError('request_failed', 'The response is encoded too many times.');
  const chain = codings
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
    .map((coding) => decoders.get(coding));
  // The coding applied last is removed first.
  return chain.every((decoder) => decoder !== undefined) ? chain.reverse() : [];
}

/**
 * Returns the decompressed body.
 *
 * @throws BrokerError as soon as either size exceeds the limit
 * @throws whatever the stream or a decoder fails with
 */
export async function readBody(body: Readable, contentEncoding: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const unpack = decodersOf(contentEncoding).flatMap((decoder) => [decodeWith(decoder), limitBytes(maxBytes)]);
  await pipeline([
    body,
    limitBytes(maxBytes),
    ...unpack,
    async (source: Bytes) => {
      for await (const chunk of source) chunks.push(chunk);
    },
  ]);
  return Buffer.concat(chunks);
}
