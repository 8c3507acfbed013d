/** Importing, exporting and making the keys of RSA and of curves. The thread reads and writes their formats. */
import { fromBase64 } from '@exodus/bytes/base64.js';
import type { KeyDetails } from '../../harness-interface.ts';
import { dataError, type Jwk, type KeyData, type KeyPair, notSupported } from './algorithm.ts';
import { assertJwk } from './jwk.ts';
import { assertUsages, type CryptoKey, type KeyAlgorithm, type KeyParts, makeKey, type Usage } from './key.ts';
import { compute, computeText, domException, type Parameters } from './platform.ts';

export interface Family {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  /** Of the member `use` of a JWK. */
  readonly use: 'sig' | 'enc';
  /** Of the member `alg` of a JWK. */
  readonly alg?: readonly string[];
  readonly publicUsages: readonly Usage[];
  readonly privateUsages: readonly Usage[];
  /** Whether a public key can be its bytes alone. */
  readonly hasRaw: boolean;
}

const nothing = new Uint8Array();
const encoder = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

function isPrivate(format: string, data: KeyData): boolean {
  return format === 'pkcs8' || (format === 'jwk' && (data as Jwk).d !== undefined);
}

/** The members of a JWK that make the key, without those that describe it. */
const jwkMembers = ['kty', 'crv', 'x', 'y', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'];

function bytesFor(format: string, data: KeyData): Uint8Array {
  if (format !== 'jwk') return data as Uint8Array;
  const jwk = data as Jwk;
  if (jwk.oth !== undefined) throw notSupported('a key of more than two primes');
  const members = jwkMembers.flatMap((name) => (jwk[name] === undefined ? [] : [[name, jwk[name]]]));
  for (const [name, value] of members) {
    // Only base64url is left, so each character is a byte.
    if (typeof value !== 'string' || !/^[\w-]*$/.test(value))
      throw dataError(`the key's ${name as string} is no base64url`);
  }
  return encoder(JSON.stringify(Object.fromEntries(members)));
}

/** @param algorithm what the key's is, or an error if the key does not fit */
export function importPair(
  { kty, use, alg, publicUsages, privateUsages, hasRaw }: Family,
  algorithm: (details: KeyDetails) => KeyAlgorithm,
  format: string,
  data: KeyData,
  kind: string,
  extractable: boolean,
  usages: readonly Usage[],
): CryptoKey {
  if (!(['spki', 'pkcs8', 'jwk'].includes(format) || (format === 'raw' && hasRaw))) {
    throw notSupported(`this key as ${format}`);
  }
  assertUsages(usages, isPrivate(format, data) ? privateUsages : publicUsages);
  if (format === 'jwk') {
    assertJwk(data as Jwk, { kty, use, ...(alg ? { alg } : {}) }, extractable, usages);
    if (kty !== 'RSA' && (data as Jwk).crv !== kind) throw dataError(`the key's crv is not ${kind}`);
  }
  const text = computeText('importKey', { format, kind }, nothing, bytesFor(format, data), 'DataError');
  const details = JSON.parse(text) as KeyDetails;
  if (details.kind !== kind) throw dataError(`the key is not one of ${kind}`);
  return makeKey({
    type: details.type,
    algorithm: algorithm(details),
    extractable,
    usages,
    bytes: fromBase64(details.der),
  });
}

export function exportPair(format: string, key: KeyParts, hasRaw: boolean, alg?: string): KeyData {
  const { type, bytes, usages, extractable } = key;
  if (format === 'jwk') {
    const jwk = JSON.parse(computeText('exportKey', { format: 'jwk', type }, bytes)) as Jwk;
    return { key_ops: [...usages], ext: extractable, ...jwk, ...(alg === undefined ? {} : { alg }) };
  }
  const formats = { public: hasRaw ? ['spki', 'raw'] : ['spki'], private: ['pkcs8'] };
  if (!formats[type as 'public' | 'private'].includes(format)) {
    if (format === 'raw') throw notSupported(`this key as ${format}`);
    throw domException('InvalidAccessError', `a ${type} key cannot be exported as ${format}`);
  }
  return format === 'raw' ? compute('exportKey', { format, type }, bytes) : bytes;
}

export function generatePair(
  { publicUsages, privateUsages }: Family,
  algorithm: KeyAlgorithm,
  request: () => Parameters,
  extractable: boolean,
  usages: readonly Usage[],
): KeyPair {
  assertUsages(usages, [...publicUsages, ...privateUsages]);
  const made = JSON.parse(computeText('generateKey', request())) as Record<'publicKey' | 'privateKey', string>;
  const both = (of: readonly Usage[]): Usage[] => usages.filter((usage) => of.includes(usage));
  return {
    publicKey: makeKey({
      type: 'public',
      algorithm,
      extractable: true,
      usages: both(publicUsages),
      bytes: fromBase64(made.publicKey),
    }),
    privateKey: makeKey({
      type: 'private',
      algorithm,
      extractable,
      usages: both(privateUsages),
      bytes: fromBase64(made.privateKey),
    }),
  };
}
