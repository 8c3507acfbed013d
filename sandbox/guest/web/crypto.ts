/** `crypto`: random values, digests and HMAC. The thread computes them; only base64 crosses the wall. */
import { fromBase64, toBase64 } from '@exodus/bytes/base64.js';
import type { Web } from '../web-apis.ts';

declare const web: Web & { readonly DOMException: typeof DOMException };

const constructorKey = Symbol();
const BLOCK_BYTES: Readonly<Record<string, number>> = { 'SHA-1': 64, 'SHA-256': 64, 'SHA-384': 128, 'SHA-512': 128 };
const hmacUsages = ['sign', 'verify'];

type AlgorithmIdentifier = string | { readonly name: string };
type Source = ArrayBuffer | ArrayBufferView;

function domException(name: string, message: string): DOMException {
  return new web.DOMException(message, name);
}

function bytesOf(source: Source): Uint8Array {
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
  }
  if (Object.prototype.toString.call(source) === '[object ArrayBuffer]') return new Uint8Array(source.slice(0));
  throw new TypeError('the data must be an ArrayBuffer or a view of one');
}

function hashOf(algorithm: AlgorithmIdentifier | undefined): string {
  const name = typeof algorithm === 'object' && algorithm !== null ? algorithm.name : algorithm;
  if (name === undefined) throw new TypeError('the algorithm names no hash');
  const hash = `${name}`.toUpperCase();
  if (!Object.hasOwn(BLOCK_BYTES, hash)) throw domException('NotSupportedError', `${name} is not supported`);
  return hash;
}

function compute(operation: string, algorithm: string, key: Uint8Array, data: Uint8Array): Uint8Array {
  const result = web.compute(operation, algorithm, toBase64(key), toBase64(data));
  if (result === '') throw domException('OperationError', 'too much data');
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
      if (typeof key !== 'object' || key === null || !(#parts in key)) throw new TypeError('this is not a CryptoKey');
      return key.#parts;
    };
  }

  constructor(key?: symbol, parts?: KeyParts) {
    if (key !== constructorKey || !parts) throw new TypeError('Illegal constructor');
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

function assertHmac(algorithm: AlgorithmIdentifier): void {
  const name = typeof algorithm === 'object' && algorithm !== null ? algorithm.name : algorithm;
  if (`${name}`.toUpperCase() !== 'HMAC') throw domException('NotSupportedError', `${name} is not supported`);
}

function makeKey(
  bytes: Uint8Array,
  { hash }: { hash?: AlgorithmIdentifier },
  extractable: unknown,
  usages: Iterable<string>,
): CryptoKeyClass {
  const requested = [...usages];
  for (const usage of requested) {
    if (!hmacUsages.includes(usage)) throw domException('SyntaxError', `an HMAC key cannot ${usage}`);
  }
  if (requested.length === 0) throw domException('SyntaxError', 'a key needs at least one usage');
  return new CryptoKeyClass(constructorKey, {
    algorithm: { name: 'HMAC', length: bytes.length * 8, hash: { name: hashOf(hash) } },
    extractable: Boolean(extractable),
    usages: hmacUsages.filter((usage) => requested.includes(usage)),
    bytes,
  });
}

function mac(algorithm: AlgorithmIdentifier, key: unknown, usage: string, data: Source): Uint8Array {
  assertHmac(algorithm);
  const { usages, bytes, algorithm: keyAlgorithm } = partsOf(key);
  if (!usages.includes(usage)) throw domException('InvalidAccessError', `the key's usages do not include ${usage}`);
  return compute('hmac', keyAlgorithm.hash.name, bytes, bytesOf(data));
}

class SubtleCryptoClass {
  constructor(key?: symbol) {
    if (key !== constructorKey) throw new TypeError('Illegal constructor');
  }

  async digest(algorithm: AlgorithmIdentifier, data: Source): Promise<ArrayBuffer> {
    return bufferOf(compute('digest', hashOf(algorithm), new Uint8Array(), bytesOf(data)));
  }

  async importKey(
    format: string,
    keyData: Source,
    algorithm: AlgorithmIdentifier & { hash?: AlgorithmIdentifier; length?: number },
    extractable: boolean,
    usages: Iterable<string>,
  ): Promise<CryptoKeyClass> {
    if (format !== 'raw') throw domException('NotSupportedError', `cannot import a key as ${format}, only as raw`);
    assertHmac(algorithm);
    const bytes = bytesOf(keyData);
    hashOf(algorithm.hash);
    if (bytes.length === 0) throw domException('DataError', 'the key is empty');
    if (algorithm.length !== undefined && algorithm.length !== bytes.length * 8) {
      throw domException('DataError', 'the length does not match the key');
    }
    return makeKey(bytes, algorithm, extractable, usages);
  }

  async generateKey(
    algorithm: AlgorithmIdentifier & { hash?: AlgorithmIdentifier; length?: number },
    extractable: boolean,
    usages: Iterable<string>,
  ): Promise<CryptoKeyClass> {
    assertHmac(algorithm);
    const bits = algorithm.length ?? (BLOCK_BYTES[hashOf(algorithm.hash)] as number) * 8;
    if (!Number.isInteger(bits) || bits <= 0 || bits % 8 !== 0)
      throw domException('OperationError', 'the length must be a multiple of 8 bits');
    return makeKey(random(bits / 8), algorithm, extractable, usages);
  }

  async exportKey(format: string, key: CryptoKeyClass): Promise<ArrayBuffer> {
    if (format !== 'raw') throw domException('NotSupportedError', `cannot export a key as ${format}, only as raw`);
    const { extractable, bytes } = partsOf(key);
    if (!extractable) throw domException('InvalidAccessError', 'the key is not extractable');
    return bufferOf(bytes);
  }

  async sign(algorithm: AlgorithmIdentifier, key: CryptoKeyClass, data: Source): Promise<ArrayBuffer> {
    return bufferOf(mac(algorithm, key, 'sign', data));
  }

  async verify(algorithm: AlgorithmIdentifier, key: CryptoKeyClass, signature: Source, data: Source): Promise<boolean> {
    const actual = bytesOf(signature);
    const expected = mac(algorithm, key, 'verify', data);
    let difference = actual.length ^ expected.length;
    for (let i = 0; i < expected.length; i++) difference |= (expected[i] as number) ^ (actual[i] ?? 0);
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
  const result = web.compute('random', '', '', `${bytes}`);
  if (result === '') throw domException('OperationError', 'too many bytes');
  return fromBase64(result);
}

const subtle = new SubtleCryptoClass(constructorKey);

class CryptoClass {
  readonly #isCrypto = true;

  constructor(key?: symbol) {
    if (key !== constructorKey) throw new TypeError('Illegal constructor');
  }

  get subtle(): SubtleCryptoClass {
    if (!this.#isCrypto) throw new TypeError('this is not crypto');
    return subtle;
  }

  getRandomValues<T extends ArrayBufferView>(array: T): T {
    if (!this.#isCrypto || !ArrayBuffer.isView(array)) throw new TypeError('getRandomValues takes a typed array');
    const kind = Object.prototype.toString.call(array).slice('[object '.length, -1);
    if (!integerArrays.includes(kind)) throw domException('TypeMismatchError', 'getRandomValues takes integer arrays');
    if (array.byteLength > RANDOM_BYTES_LIMIT) {
      throw domException('QuotaExceededError', `more than ${RANDOM_BYTES_LIMIT} bytes at once`);
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

for (const [name, interfaceClass] of Object.entries({
  Crypto: CryptoClass,
  CryptoKey: CryptoKeyClass,
  SubtleCrypto: SubtleCryptoClass,
})) {
  Object.defineProperty(interfaceClass, 'name', { value: name, configurable: true });
  Object.defineProperty(interfaceClass.prototype, Symbol.toStringTag, { value: name, configurable: true });
}

export const crypto = new CryptoClass(constructorKey);
export { CryptoClass as Crypto, CryptoKeyClass as CryptoKey, SubtleCryptoClass as SubtleCrypto };
