/** `crypto`: hashes, HMAC, random values, keys from passwords, and AES. */
import { bytesOf, invalidArgument } from './crypto/bytes.ts';
import { cipherNames, createCipheriv, createDecipheriv } from './crypto/cipher.ts';
import * as derive from './crypto/derive.ts';
import { digestNames } from './crypto/digests.ts';
import { createHash, createHmac, Digest, hash } from './crypto/hash.ts';
import { createSecretKey, KeyObject } from './crypto/key-object.ts';
import * as random from './crypto/random.ts';
import { absentFunctions } from './not-available.ts';

const { crypto: web } = globalThis;

function timingSafeEqual(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' || typeof b === 'string') throw invalidArgument('buf', 'an instance of Buffer');
  const [left, right] = [bytesOf(a), bytesOf(b)];
  if (left.length !== right.length) {
    const message = 'Input buffers must have the same byte length';
    throw Object.assign(new RangeError(message), { code: 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH' });
  }
  let difference = 0;
  for (const [i, byte] of left.entries()) difference |= byte ^ (right[i] as number);
  return difference === 0;
}

/** They need keys of RSA or of curves. `crypto.subtle` has such keys. */
const absent = [
  'createSign',
  'createVerify',
  'sign',
  'verify',
  'createPrivateKey',
  'createPublicKey',
  'generateKeyPair',
  'generateKeyPairSync',
  'generateKey',
  'generateKeySync',
  'publicEncrypt',
  'publicDecrypt',
  'privateEncrypt',
  'privateDecrypt',
  'createDiffieHellman',
  'createDiffieHellmanGroup',
  'getDiffieHellman',
  'createECDH',
  'diffieHellman',
  'X509Certificate',
  'Certificate',
  'Sign',
  'Verify',
];

export default {
  ...absentFunctions('crypto', absent),
  ...derive,
  ...random,
  createHash,
  createHmac,
  hash,
  Hash: Digest,
  Hmac: Digest,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  KeyObject,
  timingSafeEqual,
  getHashes: (): string[] => [...digestNames],
  getCiphers: (): string[] => [...cipherNames],
  getCurves: (): string[] => [],
  getFips: (): number => 0,
  constants: {},
  webcrypto: web,
  subtle: web.subtle,
  getRandomValues: web.getRandomValues.bind(web),
};
