/**
 * The part of `crypto` that the isolate cannot do. Takes and returns only text, never throws, and keeps nothing: keys
 * live in the isolate. Each operation takes a fraction of a second, because sizes are bounded; it is part of the run's
 * CPU time, and the run's limits end it between two of them.
 */
import { createHash, randomBytes } from 'node:crypto';
import { exportKey, generateKey, importKey } from './crypto/keys.ts';
import { agree, decrypt, encrypt, hkdf, hmac, pbkdf2, sign, verify } from './crypto/operations.ts';
import { Parameters, RefusedError } from './crypto/parameters.ts';

/** The limit of `crypto.getRandomValues`. */
const RANDOM_BYTES_LIMIT = 65_536;
/** Characters of `key`, and of `data`, in one operation. */
const DATA_CHARS_LIMIT = 16 * 1024 * 1024;
/** Of the parameters' JSON, which has all bytes but the key and the data. */
const PARAMETERS_CHARS_LIMIT = 1024 * 1024;

type Operation = (parameters: Parameters, key: Buffer, data: Buffer) => string | Buffer;

const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>(
  Object.entries({
    random: (parameters: Parameters) => randomBytes(parameters.integer('bytes', 1, RANDOM_BYTES_LIMIT)),
    digest: (parameters: Parameters, _key: Buffer, data: Buffer) => createHash(parameters.hash).update(data).digest(),
    digestText: (parameters: Parameters, _key: Buffer, data: Buffer) =>
      createHash(parameters.hash).update(data).digest('hex'),
    hmac,
    sign,
    verify,
    encrypt,
    decrypt,
    pbkdf2,
    hkdf,
    agree,
    importKey,
    exportKey,
    generateKey,
  }),
);

/**
 * @param parameters JSON; bytes in it are base64
 * @param key base64, as is `data`, save that `digestText` takes the text itself
 * @returns `+` and the result, or `-` and why there is none: a `Refusal`, or nothing if the platform has failed
 */
export function compute(operation: string, parameters: string, key: string, data: string): string {
  if (key.length > DATA_CHARS_LIMIT || data.length > DATA_CHARS_LIMIT || parameters.length > PARAMETERS_CHARS_LIMIT) {
    return '-too much';
  }
  const operate = operations.get(operation);
  if (!operate) return '-not supported';
  try {
    const bytes = Buffer.from(data, operation === 'digestText' ? 'utf8' : 'base64');
    const result = operate(new Parameters(parameters), Buffer.from(key, 'base64'), bytes);
    return `+${typeof result === 'string' ? result : result.toString('base64')}`;
  } catch (error) {
    // What OpenSSL says is of no use to connector code: by the specification, it learns only that it failed.
    return `-${error instanceof RefusedError ? error.refusal : ''}`;
  }
}
