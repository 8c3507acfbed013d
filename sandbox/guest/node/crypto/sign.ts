/** `createSign`, `createVerify`, `sign` and `verify` with keys of RSA, EC and Ed25519. */
import { Buffer } from '../buffer.ts';
import EventEmitter from '../events.ts';
import { bytesOf, type Callback, encoded, later } from './bytes.ts';
import { createPrivateKey, createPublicKey, type KeyObject } from './key-object.ts';
import { base64, compute, computeText, constants, hashNamed } from './platform.ts';

interface Options {
  readonly padding?: number;
  readonly saltLength?: number;
  readonly dsaEncoding?: string;
}

const isObject = (value: unknown): value is Options => typeof value === 'object' && value !== null;

/** @param algorithm the hash; none for Ed25519 */
function schemeOf(key: KeyObject, algorithm: unknown, input: unknown): object {
  if (key.asymmetricKeyType === 'ed25519') return { scheme: 'ed25519' };
  const { padding, saltLength, dsaEncoding = 'der' }: Options = isObject(input) ? input : {};
  const hash = hashNamed(algorithm);
  if (key.asymmetricKeyType === 'ec') return { scheme: 'ecdsa', hash, encoding: dsaEncoding };
  if (padding !== constants.RSA_PKCS1_PSS_PADDING) return { scheme: 'pkcs1', hash };
  return { scheme: 'pss', hash, saltLength: saltLength ?? constants.RSA_PSS_SALTLEN_AUTO };
}

function signed(algorithm: unknown, data: Uint8Array, input: unknown): Buffer {
  const key = createPrivateKey(input);
  return compute('sign', schemeOf(key, algorithm, input), key.bytes, data);
}

function isSigned(algorithm: unknown, data: Uint8Array, input: unknown, signature: Uint8Array): boolean {
  const key = createPublicKey(input);
  const scheme = { ...schemeOf(key, algorithm, input), signature: base64(signature) };
  return computeText('verify', scheme, key.bytes, data) === 'true';
}

/** Streams may be piped into it. */
class Signing extends EventEmitter {
  readonly writable = true;
  protected readonly algorithm: string;
  readonly #pieces: Uint8Array[] = [];

  constructor(algorithm: string) {
    super();
    hashNamed(algorithm);
    this.algorithm = algorithm;
  }

  update(data: unknown, encoding?: unknown): this {
    this.#pieces.push(bytesOf(data, encoding).slice());
    return this;
  }

  write(data: unknown, encoding?: unknown): boolean {
    this.update(data, encoding);
    return true;
  }

  end(data?: unknown, encoding?: unknown): this {
    if (data !== undefined && data !== null && typeof data !== 'function') this.update(data, encoding);
    queueMicrotask(() => this.emit('finish'));
    return this;
  }

  protected take(): Buffer {
    return Buffer.concat(this.#pieces.splice(0));
  }
}

class Sign extends Signing {
  sign(key: unknown, encoding?: unknown): string | Buffer {
    return encoded(signed(this.algorithm, this.take(), key), encoding);
  }
}

class Verify extends Signing {
  verify(key: unknown, signature: unknown, encoding?: unknown): boolean {
    return isSigned(this.algorithm, this.take(), key, bytesOf(signature, encoding));
  }
}

export const createSign = (algorithm: string): Sign => new Sign(algorithm);
export const createVerify = (algorithm: string): Verify => new Verify(algorithm);

export function sign(algorithm: unknown, data: unknown, key: unknown, callback?: Callback<Buffer>): Buffer | undefined {
  const make = (): Buffer => signed(algorithm, bytesOf(data), key);
  if (!callback) return make();
  later(callback, make);
  return undefined;
}

export function verify(
  algorithm: unknown,
  data: unknown,
  key: unknown,
  signature: unknown,
  callback?: Callback<boolean>,
): boolean | undefined {
  const check = (): boolean => isSigned(algorithm, bytesOf(data), key, bytesOf(signature));
  if (!callback) return check();
  later(callback, check);
  return undefined;
}

export { Sign, Verify };
