/** `createCipheriv` and `createDecipheriv` with AES. All the output comes from `final`. */
import { cbc, ctr, ecb, gcm } from '@noble/ciphers/aes.js';
import { Buffer } from '../buffer.ts';
import { bytesOf, encoded } from './bytes.ts';
import { KeyObject } from './key-object.ts';

const TAG_BYTES = 16;

interface Rules {
  readonly mode: string;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly aad: Uint8Array | undefined;
  readonly isPadded: boolean;
}

interface Transformer {
  encrypt(bytes: Uint8Array): Uint8Array;
  decrypt(bytes: Uint8Array): Uint8Array;
}

function transformer({ mode, key, iv, aad, isPadded }: Rules): Transformer {
  if (mode === 'gcm') return gcm(key, iv, aad);
  if (mode === 'ctr') return ctr(key, iv);
  const padding = { disablePadding: !isPadded };
  return mode === 'cbc' ? cbc(key, iv, padding) : ecb(key, padding);
}

const failure = (message: string, code: string, ErrorClass: ErrorConstructor = Error): Error =>
  Object.assign(new ErrorClass(message), { code });

class Cipher {
  readonly #isEncrypting: boolean;
  #rules: Rules;
  readonly #pieces: Uint8Array[] = [];
  #tag: Uint8Array | undefined;
  #isFinal = false;

  constructor(isEncrypting: boolean, rules: Rules) {
    this.#isEncrypting = isEncrypting;
    this.#rules = rules;
  }

  update(data: unknown, inputEncoding?: unknown, outputEncoding?: unknown): string | Buffer {
    this.#pieces.push(bytesOf(data, inputEncoding).slice());
    return encoded(new Uint8Array(0), outputEncoding);
  }

  final(outputEncoding?: unknown): string | Buffer {
    if (this.#isFinal) throw failure('Unsupported state', 'ERR_CRYPTO_INVALID_STATE');
    this.#isFinal = true;
    return encoded(this.#transform(Buffer.concat(this.#pieces)), outputEncoding);
  }

  setAAD(data: unknown): this {
    this.#rules = { ...this.#rules, aad: bytesOf(data).slice() };
    return this;
  }

  setAutoPadding(isPadded = true): this {
    this.#rules = { ...this.#rules, isPadded };
    return this;
  }

  setAuthTag(tag: unknown, encoding?: unknown): this {
    this.#tag = bytesOf(tag, encoding).slice();
    return this;
  }

  getAuthTag(): Buffer {
    if (!this.#tag) throw failure('Invalid state for operation getAuthTag', 'ERR_CRYPTO_INVALID_STATE');
    return encoded(this.#tag) as Buffer;
  }

  #transform(input: Uint8Array): Uint8Array {
    const isGcm = this.#rules.mode === 'gcm';
    if (this.#isEncrypting) {
      const output = transformer(this.#rules).encrypt(input);
      if (!isGcm) return output;
      this.#tag = output.slice(output.length - TAG_BYTES);
      return output.slice(0, output.length - TAG_BYTES);
    }
    if (isGcm && this.#tag?.length !== TAG_BYTES) {
      throw failure('Unsupported state or unable to authenticate data', 'ERR_CRYPTO_INVALID_AUTH_TAG');
    }
    const sealed = this.#tag ? Buffer.concat([input, this.#tag]) : input;
    try {
      return transformer(this.#rules).decrypt(sealed);
    } catch {
      throw isGcm
        ? new Error('Unsupported state or unable to authenticate data')
        : failure('error:1C800064:Provider routines::bad decrypt', 'ERR_OSSL_BAD_DECRYPT');
    }
  }
}

function open(isEncrypting: boolean, name: unknown, key: unknown, iv: unknown): Cipher {
  const [, bits, mode = ''] = /^aes-?(128|192|256)-(cbc|ctr|ecb|gcm)$/.exec(String(name).toLowerCase()) ?? [];
  if (bits === undefined) throw failure('Unknown cipher', 'ERR_CRYPTO_UNKNOWN_CIPHER');
  const secret = key instanceof KeyObject ? key.bytes : bytesOf(key, 'utf8', 'key');
  if (secret.length !== Number(bits) / 8) throw failure('Invalid key length', 'ERR_CRYPTO_INVALID_KEYLEN', RangeError);
  const vector = mode === 'ecb' || iv === null || iv === undefined ? new Uint8Array(0) : bytesOf(iv, 'utf8', 'iv');
  if (mode === 'ecb' ? vector.length > 0 : mode === 'gcm' ? vector.length === 0 : vector.length !== 16) {
    throw failure('Invalid initialization vector', 'ERR_CRYPTO_INVALID_IV', TypeError);
  }
  return new Cipher(isEncrypting, { mode, key: secret.slice(), iv: vector.slice(), aad: undefined, isPadded: true });
}

export const createCipheriv = (name: string, key: unknown, iv: unknown): Cipher => open(true, name, key, iv);
export const createDecipheriv = (name: string, key: unknown, iv: unknown): Cipher => open(false, name, key, iv);

export const cipherNames = ['128', '192', '256'].flatMap((bits) =>
  ['cbc', 'ctr', 'ecb', 'gcm'].map((mode) => `aes-${bits}-${mode}`),
);
