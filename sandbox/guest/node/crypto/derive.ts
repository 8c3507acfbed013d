/** Keys from passwords and from other keys: `pbkdf2`, `scrypt` and `hkdf`. */
import { hkdf as deriveHkdf } from '@noble/hashes/hkdf.js';
import { pbkdf2 as derivePbkdf2 } from '@noble/hashes/pbkdf2.js';
import { scrypt as deriveScrypt } from '@noble/hashes/scrypt.js';
import { bytesOf, type Callback, encoded, later } from './bytes.ts';
import { digestNamed } from './digests.ts';
import { KeyObject } from './key-object.ts';
import { base64, compute, hashNamed } from './platform.ts';

const keyBytes = (key: unknown): Uint8Array => (key instanceof KeyObject ? key.bytes : bytesOf(key, 'utf8', 'key'));

export function pbkdf2Sync(
  password: unknown,
  salt: unknown,
  iterations: number,
  length: number,
  digest: string,
): Buffer {
  const [secret, salted] = [bytesOf(password), bytesOf(salt)];
  try {
    const parameters = { hash: hashNamed(digest), salt: base64(salted), iterations, bytes: length };
    return compute('pbkdf2', parameters, secret);
  } catch {
    // A hash that the platform is not asked for, or more iterations than it does at once: here the run's limits end them.
    const options = { c: iterations, dkLen: length };
    return encoded(derivePbkdf2(digestNamed(digest), secret, salted, options)) as Buffer;
  }
}

export function pbkdf2(
  password: unknown,
  salt: unknown,
  iterations: number,
  length: number,
  digest: string,
  callback: Callback<Buffer>,
): void {
  later(callback, () => pbkdf2Sync(password, salt, iterations, length, digest));
}

export interface ScryptOptions {
  readonly N?: number;
  readonly r?: number;
  readonly p?: number;
  readonly cost?: number;
  readonly blockSize?: number;
  readonly parallelization?: number;
}

export function scryptSync(password: unknown, salt: unknown, length: number, options: ScryptOptions = {}): Buffer {
  const { cost = 16_384, blockSize = 8, parallelization = 1 } = options;
  const { N = cost, r = blockSize, p = parallelization } = options;
  return encoded(deriveScrypt(bytesOf(password), bytesOf(salt), { N, r, p, dkLen: length })) as Buffer;
}

export function scrypt(password: unknown, salt: unknown, length: number, ...rest: unknown[]): void {
  const callback = rest.pop() as Callback<Buffer>;
  later(callback, () => scryptSync(password, salt, length, rest[0] as ScryptOptions | undefined));
}

export function hkdfSync(digest: string, key: unknown, salt: unknown, info: unknown, length: number): ArrayBuffer {
  const derived = deriveHkdf(digestNamed(digest), keyBytes(key), bytesOf(salt), bytesOf(info), length);
  return derived.slice().buffer as ArrayBuffer;
}

export function hkdf(
  digest: string,
  key: unknown,
  salt: unknown,
  info: unknown,
  length: number,
  callback: Callback<ArrayBuffer>,
): void {
  later(callback, () => hkdfSync(digest, key, salt, info, length));
}
