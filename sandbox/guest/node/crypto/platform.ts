/** What the thread computes: with keys of RSA and of curves, and in less time than code here would take. */
import { Buffer } from '../buffer.ts';

type Compute = (operation: string, parameters: object, key?: Uint8Array, data?: Uint8Array) => string;

const COMPUTE = Symbol.for('bulkhead.compute');
const { crypto: web } = globalThis as unknown as { crypto: { readonly [COMPUTE]: Compute } };

/** @returns the thread's text */
export function computeText(operation: string, parameters: object, key?: Uint8Array, data?: Uint8Array): string {
  try {
    return web[COMPUTE](operation, parameters, key, data);
  } catch (error) {
    throw Object.assign(new Error((error as Error).message), { code: 'ERR_CRYPTO_OPERATION_FAILED' });
  }
}

export const compute = (operation: string, parameters: object, key?: Uint8Array, data?: Uint8Array): Buffer =>
  Buffer.from(computeText(operation, parameters, key, data), 'base64');

const hashes: Readonly<Record<string, string>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/** @param name as `RSA-SHA256` or `sha256` */
export function hashNamed(name: unknown): string {
  const plain = String(name)
    .toLowerCase()
    .replace(/^(?:rsa|ecdsa-with)-/, '')
    .replace(/^sha-/, 'sha');
  const hash = Object.hasOwn(hashes, plain) ? hashes[plain] : undefined;
  if (hash === undefined) {
    throw Object.assign(new TypeError(`Invalid digest: ${name}`), { code: 'ERR_CRYPTO_INVALID_DIGEST' });
  }
  return hash;
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** The values are OpenSSL's. */
export const constants = {
  RSA_PKCS1_PADDING: 1,
  RSA_NO_PADDING: 3,
  RSA_PKCS1_OAEP_PADDING: 4,
  RSA_PKCS1_PSS_PADDING: 6,
  RSA_PSS_SALTLEN_DIGEST: -1,
  RSA_PSS_SALTLEN_MAX_SIGN: -2,
  RSA_PSS_SALTLEN_AUTO: -2,
};
