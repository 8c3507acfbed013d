/** What an algorithm can do, and how the members of its parameters are read. */
import type { CryptoKey, KeyParts, Usage } from './key.ts';
import { bytesOf, domException, type Parameters } from './platform.ts';

/** As in `importKey` and `exportKey`: bytes, or a JWK. */
export type KeyData = Uint8Array | Jwk;
export type Jwk = Readonly<Record<string, unknown>>;

export interface KeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

/** What is missing is not supported. */
export interface Algorithm {
  generateKey?(parameters: Parameters, extractable: boolean, usages: readonly Usage[]): CryptoKey | KeyPair;
  importKey?(
    format: string,
    data: KeyData,
    parameters: Parameters,
    extractable: boolean,
    usages: readonly Usage[],
  ): CryptoKey;
  exportKey?(format: string, key: KeyParts): KeyData;
  sign?(parameters: Parameters, key: KeyParts, data: Uint8Array): Uint8Array;
  verify?(parameters: Parameters, key: KeyParts, signature: Uint8Array, data: Uint8Array): boolean;
  encrypt?(parameters: Parameters, key: KeyParts, data: Uint8Array): Uint8Array;
  decrypt?(parameters: Parameters, key: KeyParts, data: Uint8Array): Uint8Array;
  /** @param bits null for all that there are */
  deriveBits?(parameters: Parameters, key: KeyParts, bits: number | null): Uint8Array;
  /** Of a key derived for it; null if any will do. */
  keyBits?(parameters: Parameters): number | null;
}

export const notSupported = (what: string): DOMException =>
  domException('NotSupportedError', `${what} is not supported`);
export const dataError = (message: string): DOMException => domException('DataError', message);

/** A name is an algorithm without parameters. */
export function parametersOf(algorithm: unknown): Parameters & { readonly name: string } {
  if (typeof algorithm !== 'object' || algorithm === null) return { name: `${algorithm as string}` };
  const { name } = algorithm as Parameters;
  if (name === undefined) throw new TypeError('the algorithm has no name');
  return Object.assign(Object.create(algorithm) as Parameters, { name: `${name as string}` });
}

/** The bytes of a block of each hash. */
export const hashes: Readonly<Record<string, { readonly blockBytes: number }>> = {
  'SHA-1': { blockBytes: 64 },
  'SHA-256': { blockBytes: 64 },
  'SHA-384': { blockBytes: 128 },
  'SHA-512': { blockBytes: 128 },
};

export function hashNamed(algorithm: unknown): string {
  if (algorithm === undefined) throw new TypeError('the algorithm names no hash');
  const { name } = parametersOf(algorithm);
  const hash = name.toUpperCase();
  if (!Object.hasOwn(hashes, hash)) throw notSupported(name);
  return hash;
}

/** Web IDL's conversion with `[EnforceRange]`. */
export function integerOf(parameters: Parameters, member: string, max: number): number {
  if (parameters[member] === undefined) throw new TypeError(`${member} is missing`);
  const value = Math.trunc(Number(parameters[member]));
  if (!(value >= 0 && value <= max)) throw new TypeError(`${member} is no integer from 0 to ${max}`);
  return value;
}

export function memberBytes(parameters: Parameters, member: string): Uint8Array {
  if (parameters[member] === undefined) throw new TypeError(`${member} is missing`);
  return bytesOf(parameters[member], member);
}

export const optionalBytes = (parameters: Parameters, member: string): Uint8Array =>
  parameters[member] === undefined ? new Uint8Array() : bytesOf(parameters[member], member);
