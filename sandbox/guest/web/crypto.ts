/** `crypto`: random values, digests and HMAC. The thread computes them; only base64 crosses the wall. */
import { fromBase64, toBase64 } from '@exodus/bytes/base64.js';
import type { Web } from '../web-apis.ts';

declare const web: Web & { readonly DOMException: typeof DOMException };

const maker = Symbol();
const BLOCK_BYTES: Readonly<Record<string, number>> = { 'SHA-1': 64, 'SHA-256': 64, 'SHA-384': 128, 'SHA-512': 128 };
const hmacUsages = ['sign', 'verify'];

type Named = string | { readonly name: string };
type Source = ArrayBuffer | ArrayBufferView;

function failed(name: string, message: string): DOMException {
  return new web.DOMException(message, name);
}

function bytesOf(source: Source): Uint8Array {
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
  }
  if (Object.prototype.toString.call(source) === '[object ArrayBuffer]') return new Uint8Array(source.slice(0));
  throw new TypeError('the data is no ArrayBuffer and no view of one');
}

function hashOf(algorithm: Named | undefined): string {
  const name = typeof algorithm === 'object' && algorithm !== null ? algorithm.name : algorithm;
  if (name === undefined) throw new TypeError('no hash is named');
  const wanted = `${name}`.toUpperCase();
  if (!Object.hasOwn(BLOCK_BYTES, wanted)) throw failed('NotSupportedError', `${name} is not offered`);
  return wanted;
}

function computed(operation: string, algorithm: string, key: Uint8Array, data: Uint8Array): Uint8Array {
  const result = web.compute(operation, algorithm, toBase64(key), toBase64(data));
  if (result === '') throw failed('OperationError', 'too much data');
  return fromBase64(result);
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

interface HmacAlgorithm {
  readonly name: 'HMAC';
  readonly length: number;
  readonly hash: { readonly name: string };
}
interface KeyParts {
  readonly algorithm: HmacAlgorithm;
  readonly extractable: boolean;
  readonly usages: readonly string[];
  readonly bytes: Uint8Array;
}
let partsOf: (key: unknown) => KeyParts;

class CryptoKeyClass {
  readonly #parts: KeyParts;

  static {
    partsOf = (key) => {
      if (typeof key !== 'object' || key === null || !(#parts in key)) throw new TypeError('this is no CryptoKey');
      return key.#parts;
    };
  }

  constructor(key?: symbol, parts?: KeyParts) {
    if (key !== maker || !parts) throw new TypeError('Illegal constructor');
    this.#parts = parts;
  }

  get type(): string {
    return this.#parts && 'secret';
  }

  get extractable(): boolean {
    return this.#parts.extractable;
  }

  get algorithm(): HmacAlgorithm {
    return this.#parts.algorithm;
  }

  get usages(): readonly string[] {
    return this.#parts.usages;
  }
}

function hmacName(algorithm: Named): void {
  const name = typeof algorithm === 'object' && algorithm !== null ? algorithm.name : algorithm;
  if (`${name}`.toUpperCase() !== 'HMAC') throw failed('NotSupportedError', `${name} is not offered`);
}

function makeKey(
  bytes: Uint8Array,
  { hash }: { hash?: Named },
  extractable: unknown,
  usages: Iterable<string>,
): CryptoKeyClass {
  const wanted = [...usages];
  for (const usage of wanted) {
    if (!hmacUsages.includes(usage)) throw failed('SyntaxError', `a key for HMAC cannot ${usage}`);
  }
  if (wanted.length === 0) throw failed('SyntaxError', 'a key is for something');
  return new CryptoKeyClass(maker, {
    algorithm: { name: 'HMAC', length: bytes.length * 8, hash: { name: hashOf(hash) } },
    extractable: Boolean(extractable),
    usages: hmacUsages.filter((usage) => wanted.includes(usage)),
    bytes,
  });
}

function mac(algorithm: Named, key: unknown, usage: string, data: Source): Uint8Array {
  hmacName(algorithm);
  const { usages, bytes, algorithm: made } = partsOf(key);
  if (!usages.includes(usage)) throw failed('InvalidAccessError', `the key is not for ${usage}`);
  return computed('hmac', made.hash.name, bytes, bytesOf(data));
}

class SubtleCryptoClass {
  constructor(key?: symbol) {
    if (key !== maker) throw new TypeError('Illegal constructor');
  }

  async digest(algorithm: Named, data: Source): Promise<ArrayBuffer> {
    return bufferOf(computed('digest', hashOf(algorithm), new Uint8Array(), bytesOf(data)));
  }

  async importKey(
    format: string,
    keyData: Source,
    algorithm: Named & { hash?: Named; length?: number },
    extractable: boolean,
    usages: Iterable<string>,
  ): Promise<CryptoKeyClass> {
    if (format !== 'raw') throw failed('NotSupportedError', `keys are imported raw, not as ${format}`);
    hmacName(algorithm);
    const bytes = bytesOf(keyData);
    hashOf(algorithm.hash);
    if (bytes.length === 0) throw failed('DataError', 'the key is empty');
    if (algorithm.length !== undefined && algorithm.length !== bytes.length * 8) {
      throw failed('DataError', 'the key has another length');
    }
    return makeKey(bytes, algorithm, extractable, usages);
  }

  async generateKey(
    algorithm: Named & { hash?: Named; length?: number },
    extractable: boolean,
    usages: Iterable<string>,
  ): Promise<CryptoKeyClass> {
    hmacName(algorithm);
    const bits = algorithm.length ?? (BLOCK_BYTES[hashOf(algorithm.hash)] as number) * 8;
    if (!Number.isInteger(bits) || bits <= 0 || bits % 8 !== 0) throw failed('OperationError', 'no such length');
    return makeKey(random(bits / 8), algorithm, extractable, usages);
  }

  async exportKey(format: string, key: CryptoKeyClass): Promise<ArrayBuffer> {
    if (format !== 'raw') throw failed('NotSupportedError', `keys are exported raw, not as ${format}`);
    const { extractable, bytes } = partsOf(key);
    if (!extractable) throw failed('InvalidAccessError', 'the key may not be exported');
    return bufferOf(bytes);
  }

  async sign(algorithm: Named, key: CryptoKeyClass, data: Source): Promise<ArrayBuffer> {
    return bufferOf(mac(algorithm, key, 'sign', data));
  }

  async verify(algorithm: Named, key: CryptoKeyClass, signature: Source, data: Source): Promise<boolean> {
    const given = bytesOf(signature);
    const expected = mac(algorithm, key, 'verify', data);
    let difference = given.length ^ expected.length;
    for (let i = 0; i < expected.length; i++) difference |= (expected[i] as number) ^ (given[i] ?? 0);
    return difference === 0;
  }
}

const RANDOM_BYTES_LIMIT = 65_536;
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

function random(bytes: number): Uint8Array {
  if (bytes === 0) return new Uint8Array();
  const made = web.compute('random', '', '', `${bytes}`);
  if (made === '') throw failed('OperationError', 'too many bytes');
  return fromBase64(made);
}

const subtle = new SubtleCryptoClass(maker);

class CryptoClass {
  readonly #isCrypto = true;

  constructor(key?: symbol) {
    if (key !== maker) throw new TypeError('Illegal constructor');
  }

  get subtle(): SubtleCryptoClass {
    if (!this.#isCrypto) throw new TypeError('this is not crypto');
    return subtle;
  }

  getRandomValues<T extends ArrayBufferView>(array: T): T {
    if (!this.#isCrypto || !ArrayBuffer.isView(array)) throw new TypeError('getRandomValues takes a typed array');
    const kind = Object.prototype.toString.call(array).slice('[object '.length, -1);
    if (!integerArrays.includes(kind)) throw failed('TypeMismatchError', 'getRandomValues takes arrays of integers');
    if (array.byteLength > RANDOM_BYTES_LIMIT) {
      throw failed('QuotaExceededError', `more than ${RANDOM_BYTES_LIMIT} bytes at once`);
    }
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(random(array.byteLength));
    return array;
  }

  /** Version 4 of RFC 9562. */
  randomUUID(): string {
    if (!this.#isCrypto) throw new TypeError('this is not crypto');
    const bytes = random(16);
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}

for (const [name, made] of Object.entries({
  Crypto: CryptoClass,
  CryptoKey: CryptoKeyClass,
  SubtleCrypto: SubtleCryptoClass,
})) {
  Object.defineProperty(made, 'name', { value: name, configurable: true });
  Object.defineProperty(made.prototype, Symbol.toStringTag, { value: name, configurable: true });
}

export const crypto = new CryptoClass(maker);
export { CryptoClass as Crypto, CryptoKeyClass as CryptoKey, SubtleCryptoClass as SubtleCrypto };
