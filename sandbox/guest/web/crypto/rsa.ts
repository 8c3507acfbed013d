/** RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP. */
import { toBase64 } from '@exodus/bytes/base64.js';
import type { KeyDetails } from '../../harness-interface.ts';
import { type Algorithm, hashNamed, integerOf, memberBytes, optionalBytes } from './algorithm.ts';
import type { KeyAlgorithm, KeyParts } from './key.ts';
import { exportPair, type Family, generatePair, importPair } from './key-pairs.ts';
import { compute, computeText, domException, type Parameters } from './platform.ts';

const LONG_MAX = 0xffff_ffff;
/** Longer exponents are for no good. */
const EXPONENT_BYTES = 4;

function exponentBytes(exponent: string | undefined): Uint8Array {
  const hex = BigInt(exponent ?? '0').toString(16);
  const even = hex.padStart(hex.length + (hex.length % 2), '0');
  return Uint8Array.from(even.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function numberOf(bytes: Uint8Array): number {
  const significant = bytes.slice(
    Math.max(
      0,
      bytes.findIndex((byte) => byte !== 0),
    ),
  );
  if (significant.length > EXPONENT_BYTES) throw domException('OperationError', 'the exponent is too large');
  const exponent = significant.reduce((value, byte) => value * 256 + byte, 0);
  if (exponent !== 3 && exponent !== 65_537) throw domException('OperationError', 'the exponent must be 3 or 65537');
  return exponent;
}

const isSha1 = (hash: string): boolean => hash === 'SHA-1';
const digits = (hash: string): string => hash.slice('SHA-'.length);

const signing = {
  kty: 'RSA',
  use: 'sig',
  publicUsages: ['verify'],
  privateUsages: ['sign'],
  hasRaw: false,
} as const satisfies Family;

const encrypting = {
  kty: 'RSA',
  use: 'enc',
  publicUsages: ['encrypt', 'wrapKey'],
  privateUsages: ['decrypt', 'unwrapKey'],
  hasRaw: false,
} as const satisfies Family;

/** @param alg of the JWK of a key with this hash */
function keysOf(name: string, family: Family, alg: (hash: string) => string) {
  const algorithmOf = (hash: string, bits: unknown, exponent: Uint8Array): KeyAlgorithm => ({
    name,
    modulusLength: bits,
    publicExponent: exponent,
    hash: { name: hash },
  });
  return {
    generateKey(parameters, extractable, usages) {
      const bits = integerOf(parameters, 'modulusLength', LONG_MAX);
      const exponent = memberBytes(parameters, 'publicExponent');
      const hash = hashNamed(parameters.hash);
      const request = (): Parameters => ({ kind: 'RSA', bits, exponent: numberOf(exponent) });
      return generatePair(family, algorithmOf(hash, bits, exponent), request, extractable, usages);
    },
    importKey(format, data, parameters, extractable, usages) {
      const hash = hashNamed(parameters.hash);
      const algorithm = ({ bits, exponent }: KeyDetails): KeyAlgorithm =>
        algorithmOf(hash, bits, exponentBytes(exponent));
      return importPair({ ...family, alg: [alg(hash)] }, algorithm, format, data, 'RSA', extractable, usages);
    },
    exportKey: (format, key) => exportPair(format, key, false, alg(key.algorithm.hash?.name ?? '')),
  } satisfies Algorithm;
}

/** @param scheme the parameters for the thread */
function signatures(scheme: (parameters: Parameters) => Parameters) {
  const request = (parameters: Parameters, { algorithm }: KeyParts): Parameters => ({
    ...scheme(parameters),
    hash: algorithm.hash?.name,
  });
  return {
    sign: (parameters, key, data) => compute('sign', request(parameters, key), key.bytes, data),
    verify(parameters, key, signature, data) {
      const asked = { ...request(parameters, key), signature: toBase64(signature) };
      return computeText('verify', asked, key.bytes, data) === 'true';
    },
  } satisfies Algorithm;
}

export const rsaPkcs1: Algorithm = {
  ...keysOf('RSASSA-PKCS1-v1_5', signing, (hash) => `RS${digits(hash)}`),
  ...signatures(() => ({ scheme: 'pkcs1' })),
};

export const rsaPss: Algorithm = {
  ...keysOf('RSA-PSS', signing, (hash) => `PS${digits(hash)}`),
  ...signatures((parameters) => ({ scheme: 'pss', saltLength: integerOf(parameters, 'saltLength', LONG_MAX) })),
};

const oaep = (parameters: Parameters, { algorithm }: KeyParts): Parameters => ({
  scheme: 'oaep',
  hash: algorithm.hash?.name,
  label: toBase64(optionalBytes(parameters, 'label')),
});

export const rsaOaep: Algorithm = {
  ...keysOf('RSA-OAEP', encrypting, (hash) => (isSha1(hash) ? 'RSA-OAEP' : `RSA-OAEP-${digits(hash)}`)),
  encrypt: (parameters, key, data) => compute('encrypt', oaep(parameters, key), key.bytes, data),
  decrypt: (parameters, key, data) => compute('decrypt', oaep(parameters, key), key.bytes, data),
};
