/** JSON Web Keys: what every algorithm checks of them. */
import { fromBase64url, toBase64url } from '@exodus/bytes/base64.js';
import { dataError, type Jwk } from './algorithm.ts';
import type { Usage } from './key.ts';

interface Expected {
  readonly kty: string;
  /** Of the member `use`. */
  readonly use: 'sig' | 'enc';
  /** Of the member `alg`. */
  readonly alg?: readonly string[];
}

/** @throws if the key says of itself that it is another one, or for other purposes */
export function assertJwk(jwk: Jwk, expected: Expected, extractable: boolean, usages: readonly Usage[]): void {
  if (jwk.kty !== expected.kty) throw dataError(`the key's kty is not ${expected.kty}`);
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== expected.use) {
    throw dataError(`the key's use is not ${expected.use}`);
  }
  const { key_ops: operations } = jwk;
  if (operations !== undefined) {
    if (!Array.isArray(operations) || new Set(operations).size < operations.length) {
      throw dataError("the key's key_ops are no list of different operations");
    }
    for (const usage of usages) if (!operations.includes(usage)) throw dataError(`the key's key_ops lack ${usage}`);
  }
  if (jwk.ext === false && extractable) throw dataError("the key's ext forbids to extract it");
  if (expected.alg && jwk.alg !== undefined && !expected.alg.includes(`${jwk.alg as string}`)) {
    throw dataError(`the key's alg is not ${expected.alg.join(' or ')}`);
  }
}

/** Of a secret key. */
export function secretOf(jwk: Jwk): Uint8Array {
  if (typeof jwk.k !== 'string') throw dataError('the key has no k');
  try {
    return fromBase64url(jwk.k);
  } catch {
    throw dataError("the key's k is not base64url");
  }
}

export const secretJwk = (bytes: Uint8Array, alg: string, usages: readonly Usage[]): Jwk => ({
  kty: 'oct',
  k: toBase64url(bytes),
  alg,
  key_ops: [...usages],
  ext: true,
});
