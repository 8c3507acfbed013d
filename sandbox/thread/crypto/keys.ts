/**
 * Keys of RSA and of curves. They live in the isolate as bytes, and are parsed anew for each operation: that takes
 * some ten microseconds, and nothing of them remains here.
 */
import {
  createPrivateKey,
  createPublicKey,
  ECDH,
  generateKeyPairSync,
  type KeyObject,
  type webcrypto,
  X509Certificate,
} from 'node:crypto';
import type { KeyDetails } from '../../guest/harness-interface.ts';
import { type Parameters, RefusedError } from './parameters.ts';

/**
 * A private key of 4,096 bits is 2,400 bytes long. OpenSSL takes any numbers for its parts, so the limits of the
 * modulus and of the whole together bound how long an operation with it takes.
 */
const KEY_BYTES_LIMIT = 2_600;
const RSA_BITS_LIMIT = 4_096;
/** Text around a key: base64, headers, a certificate. */
const KEY_TEXT_BYTES_LIMIT = 16_384;
/** Making a longer one takes up to seconds, and cannot be interrupted. */
const GENERATED_RSA_BITS_LIMIT = 2_048;
const GENERATED_RSA_BITS_MIN = 1_024;
const EXPONENT_LIMIT = 0xffff_ffff;

/** Begins a point of which both coordinates follow. */
const UNCOMPRESSED = 4;

/** OpenSSL's names of curves, by those of the Web Cryptography API. */
export const curves: ReadonlyMap<unknown, string> = new Map([
  ['P-256', 'prime256v1'],
  ['P-384', 'secp384r1'],
  ['P-521', 'secp521r1'],
]);
const curveNames: ReadonlyMap<unknown, string> = new Map([...curves].map(([web, own]) => [own, String(web)]));
const otherKinds: ReadonlyMap<unknown, string> = new Map([
  ['ed25519', 'Ed25519'],
  ['x25519', 'X25519'],
]);

/** @throws if it is a key that may not be used */
function checked(key: KeyObject): KeyObject {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const isKnown =
    type === 'rsa'
      ? (details?.modulusLength ?? Number.POSITIVE_INFINITY) <= RSA_BITS_LIMIT
      : type === 'ec'
        ? curveNames.has(details?.namedCurve)
        : otherKinds.has(type);
  if (!isKnown) throw new RefusedError('not supported');
  return key;
}

const derOf = (key: KeyObject): Buffer =>
  key.type === 'private' ? key.export({ type: 'pkcs8', format: 'der' }) : key.export({ type: 'spki', format: 'der' });

export function privateKey(der: Buffer): KeyObject {
  if (der.length > KEY_BYTES_LIMIT) throw new RefusedError('too much');
  return checked(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

export function publicKey(der: Buffer): KeyObject {
  if (der.length > KEY_BYTES_LIMIT) throw new RefusedError('too much');
  return checked(createPublicKey({ key: der, format: 'der', type: 'spki' }));
}

function described(key: KeyObject): string {
  const der = derOf(checked(key));
  if (der.length > KEY_BYTES_LIMIT) throw new RefusedError('too much');
  const { asymmetricKeyType: type, asymmetricKeyDetails } = key;
  const { modulusLength: bits, publicExponent, namedCurve } = asymmetricKeyDetails ?? {};
  const kind = type === 'rsa' ? 'RSA' : (curveNames.get(namedCurve) ?? otherKinds.get(type) ?? '');
  const details: KeyDetails = {
    type: key.type === 'private' ? 'private' : 'public',
    kind,
    ...(type === 'rsa' ? { bits: bits ?? 0, exponent: String(publicExponent) } : {}),
    der: der.toString('base64'),
  };
  return JSON.stringify(details);
}

/** A point of a curve, or the bytes of an Ed25519 or X25519 key. */
function fromRaw(data: Buffer, kind: string): KeyObject {
  const curve = curves.get(kind);
  const url = (bytes: Buffer): string => bytes.toString('base64url');
  if (curve === undefined) return createPublicKey({ key: { kty: 'OKP', crv: kind, x: url(data) }, format: 'jwk' });
  const point = ECDH.convertKey(data, curve, undefined, undefined, 'uncompressed') as Buffer;
  const half = (point.length - 1) / 2;
  const [x, y] = [url(point.subarray(1, 1 + half)), url(point.subarray(1 + half))];
  return createPublicKey({ key: { kty: 'EC', crv: kind, x, y }, format: 'jwk' });
}

/** Without a passphrase, no key is decrypted: how long that takes is up to who encrypted it. */
const readers: ReadonlyMap<unknown, (data: Buffer, parameters: Parameters) => KeyObject> = new Map<
  string,
  (data: Buffer, parameters: Parameters) => KeyObject
>([
  ['pkcs8', (key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' })],
  ['spki', (key) => createPublicKey({ key, format: 'der', type: 'spki' })],
  ['private pkcs1', (key) => createPrivateKey({ key, format: 'der', type: 'pkcs1' })],
  ['public pkcs1', (key) => createPublicKey({ key, format: 'der', type: 'pkcs1' })],
  ['sec1', (key) => createPrivateKey({ key, format: 'der', type: 'sec1' })],
  ['certificate', (key) => new X509Certificate(key).publicKey],
  ['raw', (key, parameters) => fromRaw(key, parameters.text('kind'))],
  [
    'jwk',
    (data) => {
      const key = JSON.parse(data.toString()) as webcrypto.JsonWebKey;
      return typeof key.d === 'string'
        ? createPrivateKey({ key, format: 'jwk' })
        : createPublicKey({ key, format: 'jwk' });
    },
  ],
]);

/** @returns its `KeyDetails` as JSON */
export function importKey(parameters: Parameters, _key: Buffer, data: Buffer): string {
  if (data.length > KEY_TEXT_BYTES_LIMIT) throw new RefusedError('too much');
  return described(parameters.oneOf('format', readers)(data, parameters));
}

/** The reverse of `fromRaw`. */
function rawOf(key: KeyObject): Buffer {
  const { x = '', y } = key.export({ format: 'jwk' });
  if (y === undefined) return Buffer.from(x, 'base64url');
  return Buffer.concat([Buffer.from([UNCOMPRESSED]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}

const writers: ReadonlyMap<unknown, (key: KeyObject) => string | Buffer> = new Map<
  string,
  (key: KeyObject) => string | Buffer
>([
  ['jwk', (key) => JSON.stringify(key.export({ format: 'jwk' }))],
  ['private pkcs1', (key) => key.export({ type: 'pkcs1', format: 'der' })],
  ['public pkcs1', (key) => key.export({ type: 'pkcs1', format: 'der' })],
  ['sec1', (key) => key.export({ type: 'sec1', format: 'der' })],
  ['raw', rawOf],
  // Of a private key, the public one.
  ['spki', (key) => derOf(key.type === 'private' ? createPublicKey(key as never) : key)],
]);

/** @returns the bytes; of a JWK, the text */
export function exportKey(parameters: Parameters, key: Buffer): string | Buffer {
  const write = parameters.oneOf('format', writers);
  return write(parameters.text('type') === 'private' ? privateKey(key) : publicKey(key));
}

const makers: ReadonlyMap<unknown, (parameters: Parameters) => { publicKey: KeyObject; privateKey: KeyObject }> =
  new Map<unknown, (parameters: Parameters) => { publicKey: KeyObject; privateKey: KeyObject }>([
    [
      'RSA',
      (parameters) => {
        const modulusLength = parameters.integer('bits', GENERATED_RSA_BITS_MIN, GENERATED_RSA_BITS_LIMIT);
        const publicExponent = parameters.integer('exponent', 3, EXPONENT_LIMIT);
        return generateKeyPairSync('rsa', { modulusLength, publicExponent });
      },
    ],
    ['Ed25519', () => generateKeyPairSync('ed25519')],
    ['X25519', () => generateKeyPairSync('x25519')],
    ...[...curves].map(([web, namedCurve]) => [web, () => generateKeyPairSync('ec', { namedCurve })] as const),
  ]);

/** @returns JSON of the base64 of both */
export function generateKey(parameters: Parameters): string {
  const pair = parameters.oneOf('kind', makers)(parameters);
  return JSON.stringify({
    publicKey: derOf(pair.publicKey).toString('base64'),
    privateKey: derOf(pair.privateKey).toString('base64'),
  });
}
