/** Hash functions by Node's names for them. */
import { blake2b, blake2s } from '@noble/hashes/blake2.js';
import { md5, ripemd160, sha1 } from '@noble/hashes/legacy.js';
import { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } from '@noble/hashes/sha2.js';
import { sha3_224, sha3_256, sha3_384, sha3_512 } from '@noble/hashes/sha3.js';
import type { CHash } from '@noble/hashes/utils.js';

const digests = {
  md5,
  sha1,
  sha224,
  sha256,
  sha384,
  sha512,
  ripemd160,
  'sha512-224': sha512_224,
  'sha512-256': sha512_256,
  'sha3-224': sha3_224,
  'sha3-256': sha3_256,
  'sha3-384': sha3_384,
  'sha3-512': sha3_512,
  blake2b512: blake2b as CHash,
  blake2s256: blake2s as CHash,
};

export const digestNames = Object.keys(digests);

/** `sha-256`, `RSA-SHA256` and `rmd160` are names, too. */
export function digestNamed(name: unknown): CHash {
  const plain = String(name)
    .toLowerCase()
    .replace(/^rsa-/, '')
    .replace(/^sha-/, 'sha')
    .replace(/^rmd160$/, 'ripemd160');
  if (!Object.hasOwn(digests, plain)) {
    throw Object.assign(new TypeError(`Invalid digest: ${name}`), { code: 'ERR_CRYPTO_INVALID_DIGEST' });
  }
  return digests[plain as keyof typeof digests];
}
