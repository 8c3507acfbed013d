/** `crypto`: random values. `crypto.subtle` is a library of its own, which is loaded when it is read. */
import type { Web } from '../web-apis.ts';
import { computeText, domException } from './crypto/platform.ts';
import { RANDOM_BYTES_LIMIT, randomBytes } from './crypto/random.ts';

declare const web: Web;

const constructorKey = Symbol();
const integerArrays: readonly string[] = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
];

class CryptoClass {
  readonly #isCrypto = true;

  constructor(key?: symbol) {
    if (key !== constructorKey) throw new TypeError('Illegal constructor');
  }

  get subtle(): unknown {
    if (!this.#isCrypto) throw new TypeError('this is not crypto');
    return web.load('subtle').subtle;
  }

  getRandomValues<T extends ArrayBufferView>(array: T): T {
    if (!this.#isCrypto || !ArrayBuffer.isView(array)) throw new TypeError('getRandomValues takes a typed array');
    const kind = Object.prototype.toString.call(array).slice('[object '.length, -1);
    if (!integerArrays.includes(kind)) throw domException('TypeMismatchError', 'getRandomValues takes integer arrays');
    if (array.byteLength > RANDOM_BYTES_LIMIT) {
      throw domException('QuotaExceededError', `more than ${RANDOM_BYTES_LIMIT} bytes at once`);
    }
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(randomBytes(array.byteLength));
    return array;
  }

  /** Version 4 of RFC 9562. */
  randomUUID(): string {
    if (!this.#isCrypto) throw new TypeError('this is not crypto');
    const bytes = randomBytes(16);
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}

/**
 * For `crypto` as in Node, whose functions are synchronous. It comes with a bundle, so it has nothing but globals. All
 * that it is given is checked by the thread.
 */
Object.defineProperty(CryptoClass.prototype, Symbol.for('bulkhead.compute'), { value: computeText });

Object.defineProperty(CryptoClass.prototype, Symbol.toStringTag, { value: 'Crypto', configurable: true });

export const crypto = new CryptoClass(constructorKey);
export { CryptoClass as Crypto };
