/** ECDSA and ECDH with the curves of NIST, Ed25519 and X25519. */
import { toBase64 } from '@exodus/bytes/base64.js';
import { type Algorithm, hashNamed, type KeyPair, notSupported } from './algorithm.ts';
import { type KeyAlgorithm, type KeyParts, partsOf, type Usage } from './key.ts';
import { exportPair, type Family, generatePair, importPair } from './key-pairs.ts';
import { compute, computeText, domException, type Parameters } from './platform.ts';

const curveNames = ['P-256', 'P-384', 'P-521'];
/** What a JWK may say that it is for. */
const jwkAlgs: Readonly<Record<string, readonly string[]>> = {
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  Ed25519: ['Ed25519', 'EdDSA'],
};
const BYTE = 8;
const FULL = 0xff;

const signing = { use: 'sig', publicUsages: ['verify'], privateUsages: ['sign'], hasRaw: true } as const;
const agreeing = {
  use: 'enc',
  publicUsages: [],
  privateUsages: ['deriveKey', 'deriveBits'],
  hasRaw: true,
} as const satisfies Partial<Family> & { readonly privateUsages: readonly Usage[] };

function curveOf({ namedCurve }: Parameters): string {
  if (namedCurve === undefined) throw new TypeError('namedCurve is missing');
  const curve = `${namedCurve as string}`;
  if (!curveNames.includes(curve)) throw notSupported(curve);
  return curve;
}

/** @param kindOf the curve that the parameters name */
function keysOf(
  family: Family,
  algorithmOf: (kind: string) => KeyAlgorithm,
  kindOf: (parameters: Parameters) => string,
) {
  return {
    generateKey(parameters, extractable, usages): KeyPair {
      const kind = kindOf(parameters);
      return generatePair(family, algorithmOf(kind), () => ({ kind }), extractable, usages);
    },
    importKey(format, data, parameters, extractable, usages) {
      const kind = kindOf(parameters);
      const alg = jwkAlgs[kind];
      const own = family.use === 'sig' && alg ? { ...family, alg } : family;
      return importPair(own, () => algorithmOf(kind), format, data, kind, extractable, usages);
    },
    exportKey: (format, key) =>
      exportPair(format, key, family.hasRaw, key.algorithm.name === 'Ed25519' ? 'Ed25519' : undefined),
  } satisfies Algorithm;
}

const verified = (request: Parameters, key: KeyParts, signature: Uint8Array, data: Uint8Array): boolean =>
  computeText('verify', { ...request, signature: toBase64(signature) }, key.bytes, data) === 'true';

const ecdsaScheme = ({ hash }: Parameters): Parameters => ({
  scheme: 'ecdsa',
  hash: hashNamed(hash),
  encoding: 'ieee-p1363',
});

export const ecdsa: Algorithm = {
  ...keysOf({ kty: 'EC', ...signing }, (namedCurve) => ({ name: 'ECDSA', namedCurve }), curveOf),
  sign: (parameters, key, data) => compute('sign', ecdsaScheme(parameters), key.bytes, data),
  verify: (parameters, key, signature, data) => verified(ecdsaScheme(parameters), key, signature, data),
};

export const ed25519: Algorithm = {
  ...keysOf(
    { kty: 'OKP', ...signing },
    () => ({ name: 'Ed25519' }),
    () => 'Ed25519',
  ),
  sign: (_parameters, key, data) => compute('sign', { scheme: 'ed25519' }, key.bytes, data),
  verify: (_parameters, key, signature, data) => verified({ scheme: 'ed25519' }, key, signature, data),
};

/** The first bits; those of the last byte that are not asked for are zero. */
function firstBits(secret: Uint8Array, bits: number | null): Uint8Array {
  if (bits === null) return secret;
  if (bits > secret.length * BYTE) throw domException('OperationError', `the secret has fewer than ${bits} bits`);
  const bytes = secret.slice(0, Math.ceil(bits / BYTE));
  const over = bytes.length * BYTE - bits;
  if (over > 0) bytes[bytes.length - 1] = (bytes.at(-1) as number) & (FULL << over);
  return bytes;
}

const deriveBits: Algorithm['deriveBits'] = (parameters, key, bits) => {
  const other = partsOf(parameters.public);
  const { name, namedCurve } = key.algorithm;
  const isFitting =
    key.type === 'private' &&
    other.type === 'public' &&
    other.algorithm.name === name &&
    other.algorithm.namedCurve === namedCurve;
  if (!isFitting) throw domException('InvalidAccessError', 'the public key does not fit the private one');
  return firstBits(compute('agree', {}, key.bytes, other.bytes), bits);
};

export const ecdh: Algorithm = {
  ...keysOf({ kty: 'EC', ...agreeing }, (namedCurve) => ({ name: 'ECDH', namedCurve }), curveOf),
  deriveBits,
};

export const x25519: Algorithm = {
  ...keysOf(
    { kty: 'OKP', ...agreeing },
    () => ({ name: 'X25519' }),
    () => 'X25519',
  ),
  deriveBits,
};
