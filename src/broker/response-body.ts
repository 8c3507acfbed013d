/** Reads a response's body into a bound: the bytes that arrive, and those that they unpack to. */
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
import { Denied } from './denied.ts';

type Bytes = AsyncIterable<Buffer>;

/** As many codings one over the other as the field's clients take. */
const CODINGS_LIMIT = 5;
/** The window that a decoder must support, and the memory that it takes (RFC 9659). */
const ZSTD_WINDOW_LOG = 23;

/** By what the body begins with: what is called deflate comes with zlib's header, and without it. */
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

function bounded(limit: number): (source: Bytes) => Bytes {
  return async function* (source) {
    let size = 0;
    for await (const chunk of source) {
      size += chunk.length;
      if (size > limit) throw new Denied('response_too_large', `The response's body is larger than ${limit} bytes.`);
      yield chunk;
    }
  };
}

function decoding(makeDecoder: (beginning: Buffer) => Transform): (source: Bytes) => Bytes {
  return async function* (source) {
    const chunks = source[Symbol.asyncIterator]();
    const first = await chunks.next();
    // No bytes at all are an empty body in every coding.
    if (first.done) return;
    const decoder = makeDecoder(first.value);
    async function* all(): AsyncGenerator<Buffer> {
      yield first.value;
      yield* { [Symbol.asyncIterator]: () => chunks };
    }
    // Its error is the decoder's, and comes out of that.
    connect(Readable.from(all(), { objectMode: false }), decoder, () => {});
    yield* decoder;
  };
}

/** A body in a coding that is not known is handed on as it is. */
function decodersOf(contentEncoding: string): ((beginning: Buffer) => Transform)[] {
  const codings = contentEncoding.toLowerCase().split(',');
  if (codings.length > CODINGS_LIMIT) throw new Denied('request_failed', 'The response is encoded too many times.');
  const known = codings
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
    .map((coding) => decoders.get(coding));
  // The coding that was applied last comes off first.
  return known.every((decoder) => decoder !== undefined) ? known.reverse() : [];
}

/**
 * The body, unpacked.
 *
 * @throws Denied as soon as there is more than the limit; and what the stream or its decoding ends with
 */
export async function readBody(body: Readable, contentEncoding: string, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const unpack = decodersOf(contentEncoding).flatMap((decoder) => [decoding(decoder), bounded(limitBytes)]);
  await pipeline([
    body,
    bounded(limitBytes),
    ...unpack,
    async (source: Bytes) => {
      for await (const chunk of source) chunks.push(chunk);
    },
  ]);
  return Buffer.concat(chunks);
}
