/** Helpers that encode, decode, hash and make random values. */
import { hmac as makeHmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { PageError } from './errors.ts';
import { given } from './helpers-number.ts';
import { asText } from './json.ts';

const algorithms = { md5, sha1, sha256, sha384, sha512 };
const RANDOM_CHARS = 1_000;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function algorithmOf(name: unknown): (typeof algorithms)['sha256'] {
  const key = asText(name).toLowerCase().replace('-', '');
  if (!Object.hasOwn(algorithms, key)) {
    throw new PageError('template_invalid', `the hash algorithm ${key.slice(0, 50)} is not supported`);
  }
  return algorithms[key as keyof typeof algorithms] as (typeof algorithms)['sha256'];
}

/** In pieces, because the number of arguments is limited. */
function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8_192) text += String.fromCharCode(...bytes.subarray(i, i + 8_192));
  return btoa(text);
}

function fromBase64(value: unknown): Uint8Array {
  try {
    return Uint8Array.from(atob(asText(value).replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  } catch {
    throw new PageError('template_invalid', 'a text to decode is not base64');
  }
}

const encoded = (bytes: Uint8Array, encoding: unknown): string =>
  encoding === 'base64' ? toBase64(bytes) : bytesToHex(bytes);

function randomText(letters: string, length: number): string {
  // 32 bits per letter, so that all letters are almost equally likely.
  const bytes = crypto.getRandomValues(new Uint32Array(Math.max(0, Math.min(RANDOM_CHARS, length))));
  return Array.from(bytes, (value) => letters[value % letters.length]).join('');
}

/** Percent-encodes a whole value, its reserved characters included. */
const encodeValue = (value: unknown): string => encodeURIComponent(asText(value).toWellFormed());

export const encodingHelpers = {
  base64Encode: (value: unknown) => toBase64(utf8ToBytes(asText(value))),
  base64Decode: (value: unknown) => new TextDecoder().decode(fromBase64(value)),
  encodeURI: encodeValue,
  decodeURI(value: unknown) {
    try {
      return decodeURIComponent(asText(value));
    } catch {
      throw new PageError('template_invalid', 'a text to decode is not percent-encoded');
    }
  },
  /** A text as JSON, without the quotes. */
  jsonEncode: (value: unknown) => (typeof value === 'string' ? JSON.stringify(value).slice(1, -1) : value),
  jsonSerialize: (value: unknown) => JSON.stringify(value ?? null),
  jsonParse(value: unknown) {
    try {
      return JSON.parse(asText(value)) as unknown;
    } catch {
      throw new PageError('template_invalid', 'a text to parse is not JSON');
    }
  },
  /** `hash algorithm encoding value` */
  hash: (algorithm: unknown, encoding: unknown, value: unknown) =>
    encoded(algorithmOf(algorithm)(utf8ToBytes(asText(value))), encoding),
  /** `hmac algorithm key encoding value keyEncoding?` */
  hmac(...args: unknown[]) {
    const [algorithm, key, encoding, value, keyEncoding] = given(args);
    const keyBytes = keyEncoding === 'base64' ? fromBase64(key) : utf8ToBytes(asText(key));
    return encoded(makeHmac(algorithmOf(algorithm), keyBytes, utf8ToBytes(asText(value))), encoding);
  },
  /** `random "crypto" | "uuid" | "number" length?` */
  random(...args: unknown[]) {
    const [kind = 'crypto', length = 32] = given(args);
    if (kind === 'uuid') return crypto.randomUUID();
    return randomText(kind === 'number' ? '0123456789' : LETTERS, Number(length) || 0);
  },
};
