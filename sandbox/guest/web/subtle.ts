/** `crypto.subtle`: what the methods have in common, and the algorithms. The thread computes. */

import type { Web } from '../web-apis.ts';
import {
  type Algorithm,
  hashNamed,
  type Jwk,
  type KeyData,
  type KeyPair,
  notSupported,
  parametersOf,
} from './crypto/algorithm.ts';
import { ecdh, ecdsa, ed25519, x25519 } from './crypto/curves.ts';
import { CryptoKey, type KeyParts, partsOf, type Usage, usagesOf } from './crypto/key.ts';
import { bufferOf, bytesOf, compute, domException, type Parameters } from './crypto/platform.ts';
import { rsaOaep, rsaPkcs1, rsaPss } from './crypto/rsa.ts';
import { aesCbc, aesGcm, hkdf, hmac, pbkdf2 } from './crypto/secret-keys.ts';

declare const web: Web & { readonly TextEncoder: typeof TextEncoder; readonly TextDecoder: typeof TextDecoder };

const algorithms: Readonly<Record<string, Algorithm>> = {
  HMAC: hmac,
  'AES-GCM': aesGcm,
  'AES-CBC': aesCbc,
  'RSASSA-PKCS1-v1_5': rsaPkcs1,
  'RSA-PSS': rsaPss,
  'RSA-OAEP': rsaOaep,
  ECDSA: ecdsa,
  ECDH: ecdh,
  Ed25519: ed25519,
  X25519: x25519,
  HKDF: hkdf,
  PBKDF2: pbkdf2,
};
const names = new Map(Object.keys(algorithms).map((name) => [name.toUpperCase(), name]));

const constructorKey = Symbol();

interface Chosen<M extends keyof Algorithm> {
  readonly name: string;
  readonly parameters: Parameters;
  readonly operate: NonNullable<Algorithm[M]>;
}

function choose<M extends keyof Algorithm>(algorithm: unknown, method: M): Chosen<M> {
  const parameters = parametersOf(algorithm);
  const name = names.get(parameters.name.toUpperCase());
  const operate = name === undefined ? undefined : algorithms[name]?.[method];
  if (name === undefined || !operate) throw notSupported(`${method} with ${parameters.name}`);
  return { name, parameters, operate };
}

function assertFits(name: string, { algorithm, usages }: KeyParts, usage: Usage): void {
  if (algorithm.name !== name) throw domException('InvalidAccessError', `the key is one of ${algorithm.name}`);
  if (!usages.includes(usage)) throw domException('InvalidAccessError', `the key's usages do not include ${usage}`);
}

/** A secret or private key without usages would be of no use. */
function assertUseful({ type, usages }: KeyParts): void {
  if (type !== 'public' && usages.length === 0) throw domException('SyntaxError', 'a key needs at least one usage');
}

const isKey = (made: CryptoKey | KeyPair): made is CryptoKey => made instanceof CryptoKey;

function imported(
  format: unknown,
  data: KeyData,
  algorithm: unknown,
  extractable: unknown,
  usages: readonly Usage[],
): CryptoKey {
  const { parameters, operate } = choose(algorithm, 'importKey');
  const key = operate(`${format}`, data, parameters, Boolean(extractable), usages);
  assertUseful(partsOf(key));
  return key;
}

function exported(format: string, key: unknown): KeyData {
  const parts = partsOf(key);
  const { operate } = choose(parts.algorithm.name, 'exportKey');
  if (!parts.extractable) throw domException('InvalidAccessError', 'the key is not extractable');
  return operate(format, parts);
}

function keyData(format: unknown, data: unknown): KeyData {
  if (format !== 'jwk') return bytesOf(data, 'the key');
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data) || data instanceof ArrayBuffer) {
    throw new TypeError('a JWK is an object');
  }
  return { ...data } as Jwk;
}

const formats = ['raw', 'spki', 'pkcs8', 'jwk'];

function formatOf(format: unknown): string {
  const text = `${format}`;
  if (!formats.includes(text)) throw new TypeError(`${text} is no format of keys`);
  return text;
}

class SubtleCryptoClass {
  constructor(key?: symbol) {
    if (key !== constructorKey) throw new TypeError('Illegal constructor');
  }

  async digest(algorithm: unknown, data: unknown): Promise<ArrayBuffer> {
    return bufferOf(compute('digest', { hash: hashNamed(algorithm) }, undefined, bytesOf(data)));
  }

  async importKey(...args: [string, unknown, unknown, boolean, Iterable<string>]): Promise<CryptoKey> {
    const [format, data, algorithm, extractable, usages] = args;
    return imported(formatOf(format), keyData(format, data), algorithm, extractable, usagesOf(usages));
  }

  async generateKey(algorithm: unknown, extractable: boolean, usages: Iterable<string>): Promise<CryptoKey | KeyPair> {
    const { parameters, operate } = choose(algorithm, 'generateKey');
    const made = operate(parameters, Boolean(extractable), usagesOf(usages));
    assertUseful(partsOf(isKey(made) ? made : made.privateKey));
    return made;
  }

  async exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer | Jwk> {
    const data = exported(formatOf(format), key);
    return ArrayBuffer.isView(data) ? bufferOf(data as Uint8Array) : data;
  }

  async sign(algorithm: unknown, key: CryptoKey, data: unknown): Promise<ArrayBuffer> {
    const { name, parameters, operate } = choose(algorithm, 'sign');
    const [parts, bytes] = [partsOf(key), bytesOf(data)];
    assertFits(name, parts, 'sign');
    return bufferOf(operate(parameters, parts, bytes));
  }

  async verify(algorithm: unknown, key: CryptoKey, signature: unknown, data: unknown): Promise<boolean> {
    const { name, parameters, operate } = choose(algorithm, 'verify');
    const [parts, signed, bytes] = [partsOf(key), bytesOf(signature, 'the signature'), bytesOf(data)];
    assertFits(name, parts, 'verify');
    return operate(parameters, parts, signed, bytes);
  }

  async encrypt(algorithm: unknown, key: CryptoKey, data: unknown): Promise<ArrayBuffer> {
    const { name, parameters, operate } = choose(algorithm, 'encrypt');
    const [parts, bytes] = [partsOf(key), bytesOf(data)];
    assertFits(name, parts, 'encrypt');
    return bufferOf(operate(parameters, parts, bytes));
  }

  async decrypt(algorithm: unknown, key: CryptoKey, data: unknown): Promise<ArrayBuffer> {
    const { name, parameters, operate } = choose(algorithm, 'decrypt');
    const [parts, bytes] = [partsOf(key), bytesOf(data)];
    assertFits(name, parts, 'decrypt');
    return bufferOf(operate(parameters, parts, bytes));
  }

  async deriveBits(algorithm: unknown, baseKey: CryptoKey, length: number | null = null): Promise<ArrayBuffer> {
    const { name, parameters, operate } = choose(algorithm, 'deriveBits');
    const parts = partsOf(baseKey);
    assertFits(name, parts, 'deriveBits');
    return bufferOf(operate(parameters, parts, length === null ? null : Math.trunc(Number(length)) >>> 0));
  }

  async deriveKey(...args: [unknown, CryptoKey, unknown, boolean, Iterable<string>]): Promise<CryptoKey> {
    const [algorithm, baseKey, derived, extractable, usages] = args;
    const { name, parameters, operate } = choose(algorithm, 'deriveBits');
    const length = choose(derived, 'keyBits');
    const bits = length.operate(length.parameters);
    const [parts, requested] = [partsOf(baseKey), usagesOf(usages)];
    assertFits(name, parts, 'deriveKey');
    const secret = operate(parameters, parts, bits);
    return imported('raw', secret, derived, extractable, requested);
  }

  async wrapKey(format: string, key: CryptoKey, wrappingKey: CryptoKey, algorithm: unknown): Promise<ArrayBuffer> {
    const { name, parameters, operate } = choose(algorithm, 'encrypt');
    const wrapping = partsOf(wrappingKey);
    assertFits(name, wrapping, 'wrapKey');
    const data = exported(formatOf(format), key);
    const bytes = ArrayBuffer.isView(data) ? (data as Uint8Array) : new web.TextEncoder().encode(JSON.stringify(data));
    return bufferOf(operate(parameters, wrapping, bytes));
  }

  async unwrapKey(
    ...args: [string, unknown, CryptoKey, unknown, unknown, boolean, Iterable<string>]
  ): Promise<CryptoKey> {
    const [format, wrapped, unwrappingKey, algorithm, unwrapped, extractable, usages] = args;
    const { name, parameters, operate } = choose(algorithm, 'decrypt');
    const [unwrapping, bytes, requested] = [partsOf(unwrappingKey), bytesOf(wrapped), usagesOf(usages)];
    const wanted = formatOf(format);
    assertFits(name, unwrapping, 'unwrapKey');
    const data = operate(parameters, unwrapping, bytes);
    return imported(wanted, wanted === 'jwk' ? jwkIn(data) : data, unwrapped, extractable, requested);
  }
}

function jwkIn(bytes: Uint8Array): Jwk {
  try {
    return keyData('jwk', JSON.parse(new web.TextDecoder('utf-8', { fatal: true }).decode(bytes))) as Jwk;
  } catch {
    throw domException('DataError', 'what was wrapped is no JWK');
  }
}

for (const [name, { prototype }] of Object.entries({ CryptoKey, SubtleCrypto: SubtleCryptoClass })) {
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
}

export const subtle = new SubtleCryptoClass(constructorKey);
export { CryptoKey, SubtleCryptoClass as SubtleCrypto };
