/** `zlib` with pako: gzip and deflate, at once or as streams. There is no Brotli and no Zstandard. */
import * as pako from 'pako';
import { Buffer } from './buffer.ts';
import { absentFunctions } from './not-available.ts';
import stream from './stream.ts';

const { Z_BUF_ERROR, Z_DATA_ERROR, Z_FINISH, Z_NO_FLUSH, Z_SYNC_FLUSH } = pako;

type Options = pako.DeflateOptions & { readonly maxOutputLength?: number; readonly highWaterMark?: number };
type Callback = (error: Error | null, result?: Buffer) => void;

const codes: Readonly<Record<string, number>> = { Z_BUF_ERROR, Z_DATA_ERROR };

function failure(errno: number, message: string): Error {
  const code = Object.keys(codes).find((name) => codes[name] === errno) ?? 'Z_DATA_ERROR';
  return Object.assign(new Error(message), { errno, code });
}

/** One direction of one format, fed piece by piece. */
abstract class Engine {
  readonly pieces: Uint8Array[] = [];
  abstract push(bytes: Uint8Array, flush: 0 | 2 | 4): void;
}

class Compressor extends Engine {
  readonly #deflate: pako.Deflate;

  constructor(options: pako.DeflateOptions) {
    super();
    this.#deflate = new pako.Deflate(options);
    this.#deflate.onData = (piece) => this.pieces.push(piece);
  }

  push(bytes: Uint8Array, flush: 0 | 2 | 4): void {
    this.#deflate.push(bytes, flush);
    if (this.#deflate.err) throw failure(this.#deflate.err, this.#deflate.msg);
  }
}

class Decompressor extends Engine {
  readonly #inflate: pako.Inflate;
  readonly #limitBytes: number;
  #bytes = 0;

  constructor({ maxOutputLength = Number.POSITIVE_INFINITY, ...options }: Options) {
    super();
    this.#limitBytes = maxOutputLength;
    this.#inflate = new pako.Inflate(options);
    this.#inflate.onData = (piece) => {
      this.#bytes += piece.length;
      this.pieces.push(piece);
    };
  }

  push(bytes: Uint8Array, flush: 0 | 2 | 4): void {
    const isEnd = flush === Z_FINISH;
    this.#inflate.push(bytes, isEnd ? Z_SYNC_FLUSH : flush);
    const { err, msg, ended } = this.#inflate;
    if (err && err !== Z_BUF_ERROR) throw failure(err, msg || 'incorrect header check');
    if (isEnd && !ended) throw failure(Z_BUF_ERROR, 'unexpected end of file');
    if (this.#bytes > this.#limitBytes) {
      const message = `Cannot create a Buffer larger than ${this.#limitBytes} bytes`;
      throw Object.assign(new RangeError(message), { code: 'ERR_BUFFER_TOO_LARGE' });
    }
  }
}

const GZIP_BITS = 16;
const AUTO_BITS = 32;
const bits = ({ windowBits = 15 }: Options): number => windowBits;

const engines = {
  Gzip: (options: Options) => new Compressor({ ...options, gzip: true }),
  Deflate: (options: Options) => new Compressor(options),
  DeflateRaw: (options: Options) => new Compressor({ ...options, raw: true }),
  Gunzip: (options: Options) => new Decompressor({ ...options, windowBits: bits(options) + GZIP_BITS }),
  Inflate: (options: Options) => new Decompressor({ ...options, windowBits: bits(options) }),
  InflateRaw: (options: Options) => new Decompressor({ ...options, raw: true }),
  Unzip: (options: Options) => new Decompressor({ ...options, windowBits: bits(options) + AUTO_BITS }),
};

const bytesOf = (data: string | ArrayBuffer | ArrayBufferView): Uint8Array => {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
};

type MakeEngine = (options: Options) => Engine;

class ZlibStream extends stream.Transform {
  readonly #engine: Engine;
  bytesWritten = 0;

  constructor(engine: MakeEngine, options: Options = {}) {
    super({ ...(options.highWaterMark === undefined ? {} : { highWaterMark: options.highWaterMark }) });
    this.#engine = engine(options);
  }

  override _transform(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.bytesWritten += chunk.length;
    this.#push(chunk, Z_NO_FLUSH, done);
  }

  override _flush(done: (error?: Error | null) => void): void {
    if (this.bytesWritten === 0 && this.#engine instanceof Decompressor) return done();
    this.#push(new Uint8Array(0), Z_FINISH, done);
  }

  flush(...args: unknown[]): void {
    const callback = args.pop();
    this.#push(new Uint8Array(0), Z_SYNC_FLUSH, () => typeof callback === 'function' && callback());
  }

  close(callback?: () => void): void {
    if (callback) this.once('close', callback);
    this.destroy();
  }

  #push(bytes: Uint8Array, flush: 0 | 2 | 4, done: (error?: Error | null) => void): void {
    try {
      this.#engine.push(bytes, flush);
    } catch (error) {
      return done(error as Error);
    }
    for (const piece of this.#engine.pieces.splice(0)) this.push(Buffer.from(piece));
    done();
  }
}

const module: Record<string, unknown> = {
  ...absentFunctions('zlib', ['BrotliCompress', 'BrotliDecompress', 'ZstdCompress', 'ZstdDecompress']),
  ...absentFunctions('zlib', ['createBrotliCompress', 'createBrotliDecompress', 'brotliCompress', 'brotliDecompress']),
  ...absentFunctions('zlib', ['brotliCompressSync', 'brotliDecompressSync', 'createZstdCompress', 'zstdCompressSync']),
  ...absentFunctions('zlib', ['createZstdDecompress', 'zstdCompress', 'zstdDecompress', 'zstdDecompressSync']),
};

const constants = Object.fromEntries(Object.entries(pako).filter(([name]) => name.startsWith('Z_')));

for (const [name, engine] of Object.entries(engines) as [string, MakeEngine][]) {
  const at = (data: string | ArrayBuffer | ArrayBufferView, options: Options = {}): Buffer => {
    const made = engine(options);
    made.push(bytesOf(data), Z_FINISH);
    return Buffer.concat(made.pieces);
  };
  const verb = name.charAt(0).toLowerCase() + name.slice(1);
  module[name] = class extends ZlibStream {
    constructor(options?: Options) {
      super(engine, options);
    }
  };
  module[`create${name}`] = (options?: Options): ZlibStream => new ZlibStream(engine, options);
  module[`${verb}Sync`] = at;
  module[verb] = (data: string | ArrayBuffer | ArrayBufferView, ...rest: [Options, Callback] | [Callback]): void => {
    const callback = rest.pop() as Callback;
    queueMicrotask(() => {
      let result: Buffer;
      try {
        result = at(data, rest[0] as Options | undefined);
      } catch (error) {
        return callback(error as Error);
      }
      callback(null, result);
    });
  };
}

export default Object.assign(module, constants, { constants });
