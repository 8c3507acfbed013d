/**
 * The part of `crypto` that the isolate cannot do: random bytes, digests and MACs. Takes and returns only
 * text. Never throws and never takes long, because sizes are bounded.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';

/** The limit of `crypto.getRandomValues`. */
const RANDOM_BYTES_LIMIT = 65_536;
/** Base64 characters digested in one go. */
const DATA_CHARS_LIMIT = 16 * 1024 * 1024;

const algorithms: ReadonlyMap<string, string> = new Map([
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

/**
 * @param data base64; for `random`, the number of bytes
 * @returns base64; empty if the operation is unknown or the data too large
 */
export function compute(operation: string, algorithm: string, key: string, data: string): string {
  if (key.length > DATA_CHARS_LIMIT || data.length > DATA_CHARS_LIMIT) return '';
  if (operation === 'random') {
    const bytes = Number(data);
    return Number.isInteger(bytes) && bytes > 0 && bytes <= RANDOM_BYTES_LIMIT
      ? randomBytes(bytes).toString('base64')
      : '';
  }
  const hash = algorithms.get(algorithm);
  if (hash === undefined) return '';
  if (operation === 'digest') return createHash(hash).update(data, 'base64').digest('base64');
  if (operation === 'hmac') return createHmac(hash, Buffer.from(key, 'base64')).update(data, 'base64').digest('base64');
  return '';
}
