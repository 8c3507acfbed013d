/** `KeyObject`: secret keys, and those of RSA and of curves, which the thread reads and writes. */
import type { KeyDetails } from '../../harness-interface.ts';
import { Buffer } from '../buffer.ts';
import { bytesOf, encoded, invalidArgument } from './bytes.ts';
import { type EncodedKey, keyIn, pemOf, unsupported } from './pem.ts';
import { compute, computeText } from './platform.ts';

/** Node's names for the curves. */
export const curveNames: Readonly<Record<string, string>> = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};

const labels: Readonly<Record<string, string>> = {
  'private pkcs1': 'RSA PRIVATE KEY',
  'public pkcs1': 'RSA PUBLIC KEY',
  pkcs8: 'PRIVATE KEY',
  spki: 'PUBLIC KEY',
  sec1: 'EC PRIVATE KEY',
};

interface ExportOptions {
  readonly type?: string;
  readonly format?: string;
  readonly cipher?: unknown;
}

export class KeyObject {
  readonly type: 'secret' | 'public' | 'private';
  /** Of a key of RSA or of a curve, its `pkcs8` or `spki`. */
  readonly bytes: Uint8Array;
  readonly #details: KeyDetails | undefined;

  constructor(bytes: Uint8Array, details?: KeyDetails) {
    this.bytes = bytes;
    this.type = details?.type ?? 'secret';
    this.#details = details;
  }

  get symmetricKeySize(): number | undefined {
    return this.#details ? undefined : this.bytes.length;
  }

  get asymmetricKeyType(): string | undefined {
    const kind = this.#details?.kind;
    return kind === undefined ? undefined : kind in curveNames ? 'ec' : kind.toLowerCase();
  }

  get asymmetricKeyDetails(): object | undefined {
    if (!this.#details) return undefined;
    const { kind, bits, exponent } = this.#details;
    if (kind === 'RSA') return { modulusLength: bits, publicExponent: BigInt(exponent ?? 0) };
    return kind in curveNames ? { namedCurve: curveNames[kind] } : {};
  }

  export(options: ExportOptions = {}): unknown {
    const { format = this.#details ? 'pem' : 'buffer', cipher } = options;
    if (!this.#details) {
      return format === 'jwk' ? { kty: 'oct', k: encoded(this.bytes, 'base64url') } : encoded(this.bytes.slice());
    }
    if (format === 'jwk') return JSON.parse(computeText('exportKey', { format, type: this.type }, this.bytes));
    if (cipher !== undefined) throw new Error('keys are not encrypted here');
    const own = this.type === 'private' ? 'pkcs8' : 'spki';
    const { type = own } = options;
    const written = type === 'pkcs1' ? `${this.type} pkcs1` : type;
    if (!(written in labels)) throw invalidArgument('options.type', `a format of ${this.type} keys`);
    const isFitting =
      written === own || (type === 'sec1' ? 'ec' : type === 'pkcs1' && 'rsa') === this.asymmetricKeyType;
    if (!isFitting) {
      const message = `The selected key encoding ${type} does not fit a ${this.type} key of ${this.asymmetricKeyType}.`;
      throw Object.assign(new Error(message), { code: 'ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS' });
    }
    const der =
      written === own
        ? Buffer.from(this.bytes)
        : compute('exportKey', { format: written, type: this.type }, this.bytes);
    return format === 'pem' ? pemOf(labels[written] as string, der) : der;
  }

  equals(other: KeyObject): boolean {
    if (this.type !== other.type || this.bytes.length !== other.bytes.length) return false;
    return this.bytes.every((byte, i) => byte === other.bytes[i]);
  }
}

export const createSecretKey = (key: unknown, encoding?: unknown): KeyObject =>
  new KeyObject(bytesOf(key, encoding, 'key').slice());

/** What functions take for a key: text, bytes, or an object with these members. */
interface KeyInput {
  readonly key?: unknown;
  readonly format?: string;
  readonly type?: string;
  readonly passphrase?: unknown;
  readonly encoding?: unknown;
}

function imported({ format, data }: EncodedKey): KeyObject {
  let text: string;
  try {
    text = computeText('importKey', { format }, undefined, data);
  } catch {
    throw unsupported();
  }
  const details = JSON.parse(text) as KeyDetails;
  return new KeyObject(Buffer.from(details.der, 'base64'), details);
}

const isOptions = (input: unknown): input is KeyInput =>
  typeof input === 'object' && input !== null && !ArrayBuffer.isView(input) && !(input instanceof ArrayBuffer);

const PKCS1 = { private: 'private pkcs1', public: 'public pkcs1' };

/** @param wanted what a key in DER is read as, which does not say what it is */
function keyOf(input: unknown, wanted: 'private' | 'public'): KeyObject {
  if (input instanceof KeyObject) return input;
  const { key, format = 'pem', type, passphrase, encoding }: KeyInput = isOptions(input) ? input : { key: input };
  if (key instanceof KeyObject) return key;
  if (format === 'jwk') return imported({ format, data: Buffer.from(JSON.stringify(key)) });
  const data = bytesOf(key, encoding, 'key');
  const secret = passphrase === undefined || passphrase === null ? undefined : bytesOf(passphrase, encoding);
  if (format === 'pem') return imported(keyIn(Buffer.from(data).toString('latin1'), secret));
  const plain = wanted === 'private' ? 'pkcs8' : 'spki';
  return imported({ format: type === 'pkcs1' ? PKCS1[wanted] : (type ?? plain), data });
}

function assertType({ type }: KeyObject, wanted: string): void {
  if (type === wanted) return;
  throw Object.assign(new TypeError(`Invalid key object type ${type}, expected ${wanted}.`), {
    code: 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE',
  });
}

export function createPrivateKey(input: unknown): KeyObject {
  const key = keyOf(input, 'private');
  if (key.type === 'public' && key !== input) throw unsupported();
  assertType(key, 'private');
  return key;
}

/** Of a private key, its public one. */
export function createPublicKey(input: unknown): KeyObject {
  const key = keyOf(input, 'public');
  if (key.type !== 'private') {
    assertType(key, 'public');
    return key;
  }
  return imported({ format: 'spki', data: compute('exportKey', { format: 'spki', type: 'private' }, key.bytes) });
}

/** From the bytes that the thread has made. */
export const keyFrom = (format: 'pkcs8' | 'spki', base64: string): KeyObject =>
  imported({ format, data: Buffer.from(base64, 'base64') });
