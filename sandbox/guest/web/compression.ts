/** `CompressionStream` and `DecompressionStream`: gzip and deflate with pako. */
import { Deflate, type DeflateOptions, Inflate, Z_BUF_ERROR, Z_FINISH, Z_NO_FLUSH, Z_SYNC_FLUSH } from 'pako';
import type { Transformer } from 'web-streams-polyfill';
import type { Web } from '../web-apis.ts';

declare const web: Web & { readonly TransformStream: typeof TransformStream };

type Controller = TransformStreamDefaultController<Uint8Array>;

const GZIP_BITS = 31;
const ZLIB_BITS = 15;

const formats: Readonly<Record<string, { readonly deflate: DeflateOptions; readonly windowBits: number }>> = {
  gzip: { deflate: { gzip: true }, windowBits: GZIP_BITS },
  deflate: { deflate: {}, windowBits: ZLIB_BITS },
  'deflate-raw': { deflate: { raw: true }, windowBits: -ZLIB_BITS },
};

function formatNamed(format: unknown) {
  const name = `${format as string}`;
  const found = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (!found) throw new TypeError(`${name} is no format of compression`);
  return found;
}

function bytesOf(chunk: unknown): Uint8Array {
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (Object.prototype.toString.call(chunk) === '[object ArrayBuffer]') return new Uint8Array(chunk as ArrayBuffer);
  throw new TypeError('a chunk must be an ArrayBuffer or a view of one');
}

const nothing = new Uint8Array();

function compressor(format: unknown): Transformer<unknown, Uint8Array> {
  const deflate = new Deflate(formatNamed(format).deflate);
  const push = (bytes: Uint8Array, flush: 0 | 4, controller: Controller): void => {
    deflate.onData = (piece) => controller.enqueue(piece);
    deflate.push(bytes, flush);
  };
  return {
    transform: (chunk, controller) => push(bytesOf(chunk), Z_NO_FLUSH, controller),
    flush: (controller) => push(nothing, Z_FINISH, controller),
  };
}

function decompressor(format: unknown): Transformer<unknown, Uint8Array> {
  const inflate = new Inflate({ windowBits: formatNamed(format).windowBits });
  return {
    transform(chunk, controller) {
      const bytes = bytesOf(chunk);
      if (inflate.ended && bytes.length > 0) throw new TypeError('there is more after the end of the compressed data');
      inflate.onData = (piece) => controller.enqueue(piece);
      inflate.push(bytes, Z_SYNC_FLUSH);
      const { err, msg, ended } = inflate;
      const { strm } = inflate as unknown as { readonly strm: { readonly avail_in: number } };
      if (err && err !== Z_BUF_ERROR) throw new TypeError(msg || 'the data is not compressed in this format');
      if (ended && strm.avail_in > 0) throw new TypeError('there is more after the end of the compressed data');
    },
    flush() {
      if (!inflate.ended) throw new TypeError('the compressed data ends too early');
    },
  };
}

class CompressionStreamClass {
  readonly #stream: TransformStream<unknown, Uint8Array>;

  constructor(format: unknown) {
    this.#stream = new web.TransformStream(compressor(format));
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#stream.readable;
  }

  get writable(): WritableStream<unknown> {
    return this.#stream.writable;
  }
}

class DecompressionStreamClass {
  readonly #stream: TransformStream<unknown, Uint8Array>;

  constructor(format: unknown) {
    this.#stream = new web.TransformStream(decompressor(format));
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#stream.readable;
  }

  get writable(): WritableStream<unknown> {
    return this.#stream.writable;
  }
}

for (const [name, { prototype }] of Object.entries({
  CompressionStream: CompressionStreamClass,
  DecompressionStream: DecompressionStreamClass,
})) {
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
  for (const member of ['readable', 'writable']) Object.defineProperty(prototype, member, { enumerable: true });
}

export { CompressionStreamClass as CompressionStream, DecompressionStreamClass as DecompressionStream };
