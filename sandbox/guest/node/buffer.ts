/** `buffer`: the package of that name, with the encoding `base64url`, which it does not know. */
import * as polyfill from 'buffer/';

const { Buffer } = polyfill;
const { from, byteLength, isEncoding } = Buffer;
const { toString: textOf, write } = Buffer.prototype;

const isBase64Url = (encoding: unknown): boolean => typeof encoding === 'string' && /^base64-?url$/i.test(encoding);
/** It decodes both alphabets as base64. */
const known = <T>(encoding: T): T | 'base64' => (isBase64Url(encoding) ? 'base64' : encoding);

Object.assign(Buffer, {
  from: (value: unknown, encoding?: unknown, length?: unknown) =>
    Reflect.apply(from, Buffer, [value, typeof value === 'string' ? known(encoding) : encoding, length]),
  byteLength: (value: unknown, encoding?: unknown) => Reflect.apply(byteLength, Buffer, [value, known(encoding)]),
  isEncoding: (encoding: unknown) => isBase64Url(encoding) || isEncoding(encoding as string),
});
Object.assign(Buffer.prototype, {
  toString(this: Uint8Array, encoding?: unknown, start?: number, end?: number): string {
    const text = Reflect.apply(textOf, this, [known(encoding), start, end]) as string;
    return isBase64Url(encoding) ? text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') : text;
  },
  write(this: Uint8Array, ...args: unknown[]): number {
    return Reflect.apply(write, this, args.map(known)) as number;
  },
});

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
};
const isAscii = (bytes: Uint8Array): boolean => bytes.every((byte) => byte < 0x80);

export { Buffer };

const { SlowBuffer, INSPECT_MAX_BYTES, kMaxLength } = polyfill;

export default {
  Buffer,
  SlowBuffer,
  INSPECT_MAX_BYTES,
  kMaxLength,
  kStringMaxLength: 0x1fffffe8,
  constants: { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: 0x1fffffe8 },
  isUtf8,
  isAscii,
  get Blob() {
    return Blob;
  },
  get File() {
    return File;
  },
  get atob() {
    return atob;
  },
  get btoa() {
    return btoa;
  },
};
