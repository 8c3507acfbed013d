/** `createHash` and `createHmac`. Streams may be piped into them. */
import { hmac } from '@noble/hashes/hmac.js';
import EventEmitter from '../events.ts';
import { bytesOf, encoded } from './bytes.ts';
import { digestNamed } from './digests.ts';
import { KeyObject } from './key-object.ts';

interface Digester {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
  clone?(): Digester;
}

class Digest extends EventEmitter {
  readonly writable = true;
  readonly #digester: Digester;
  #result: Uint8Array | undefined;

  constructor(digester: Digester) {
    super();
    this.#digester = digester;
  }

  update(data: unknown, encoding?: unknown): this {
    this.#assertOpen();
    this.#digester.update(bytesOf(data, encoding));
    return this;
  }

  digest(encoding?: unknown): string | Buffer {
    this.#assertOpen();
    this.#result = this.#digester.digest();
    return encoded(this.#result, encoding);
  }

  copy(): Digest {
    this.#assertOpen();
    if (!this.#digester.clone) throw new Error('this digest cannot be copied');
    return new Digest(this.#digester.clone());
  }

  write(data: unknown, encoding?: unknown): boolean {
    this.update(data, encoding);
    return true;
  }

  end(data?: unknown, encoding?: unknown): this {
    if (data !== undefined && data !== null && typeof data !== 'function') this.update(data, encoding);
    const result = this.digest();
    queueMicrotask(() => {
      for (const name of ['finish', 'readable'] as const) this.emit(name);
      this.emit('data', result);
      this.emit('end');
    });
    return this;
  }

  read(): Buffer | null {
    return this.#result ? (encoded(this.#result) as Buffer) : null;
  }

  #assertOpen(): void {
    if (this.#result) throw Object.assign(new Error('Digest already called'), { code: 'ERR_CRYPTO_HASH_FINALIZED' });
  }
}

export function createHash(name: string): Digest {
  let digest: ReturnType<typeof digestNamed>;
  try {
    digest = digestNamed(name);
  } catch {
    throw new Error('Digest method not supported');
  }
  return new Digest(digest.create());
}

export const createHmac = (name: string, key: unknown): Digest =>
  new Digest(hmac.create(digestNamed(name), key instanceof KeyObject ? key.bytes : bytesOf(key, 'utf8', 'key')));

export const hash = (name: string, data: unknown, encoding: unknown = 'hex'): string | Buffer =>
  createHash(name).update(data).digest(encoding);

export { Digest };
