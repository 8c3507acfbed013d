/** `crypto`: hashes, HMAC, random values, keys from passwords, AES, and keys of RSA and of curves. */
import { bytesOf, invalidArgument } from './crypto/bytes.ts';
import { cipherNames, createCipheriv, createDecipheriv } from './crypto/cipher.ts';
import * as derive from './crypto/derive.ts';
import { digestNames } from './crypto/digests.ts';
import { createHash, createHmac, Digest, hash } from './crypto/hash.ts';
import { createPrivateKey, createPublicKey, createSecretKey, KeyObject } from './crypto/key-object.ts';
import * as keyPairs from './crypto/key-pairs.ts';
import { constants } from './crypto/platform.ts';
import * as random from './crypto/random.ts';
import * as signatures from './crypto/sign.ts';
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

const absent = [
  'publicDecrypt',
  'privateEncrypt',
  'createDiffieHellman',
  'createDiffieHellmanGroup',
  'getDiffieHellman',
  'createECDH',
  'X509Certificate',
  'Certificate',
];

export default {
  ...absentFunctions('crypto', absent),
  ...derive,
  ...random,
  ...keyPairs,
  ...signatures,
  createHash,
  createHmac,
  hash,
  Hash: Digest,
  Hmac: Digest,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  KeyObject,
  timingSafeEqual,
  getHashes: (): string[] => [...digestNames],
  getCiphers: (): string[] => [...cipherNames],
  getFips: (): number => 0,
  constants,
  webcrypto: web,
  // Loaded when it is read.
  get subtle() {
    return web.subtle;
  },
  getRandomValues: web.getRandomValues.bind(web),
};
