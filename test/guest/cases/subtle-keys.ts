/** Keys for the cases of `crypto.subtle`, made anew each time, and how they are passed to what runs in the isolate. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';

/** How bytes are passed, because cases are JSON. */
export const bytes = (data: Uint8Array | readonly number[]): object => ({
  $bytes: Buffer.from(data as Uint8Array).toString('base64'),
});

/** Source text that every subject begins with. */
export const prelude = `
  const revive = (value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(revive);
    if (typeof value.$bytes === 'string') return Uint8Array.from(atob(value.$bytes), (c) => c.charCodeAt(0));
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, revive(member)]));
  };
  const sorted = (value) =>
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)]))
      : value;
  const nameOf = (error) => 'throws ' + error.name;
  const shape = (key) => key && { type: key.type, extractable: key.extractable, algorithm: sorted(key.algorithm), usages: key.usages };
  const importWith = ([format, data, algorithm, extractable, usages]) =>
    crypto.subtle.importKey(format, revive(data), revive(algorithm), extractable, usages);
`;

export interface Pair {
  /** By format. */
  readonly public: Readonly<Record<string, object>>;
  readonly private: Readonly<Record<string, object>>;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function pairOf({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): Pair {
  const jwk = publicKey.export({ format: 'jwk' });
  const point = [jwk.x, jwk.y].map((part) => Buffer.from(part ?? '', 'base64url'));
  const raw = jwk.y === undefined ? (point[0] as Buffer) : Buffer.concat([Buffer.from([4]), ...point]);
  return {
    public: {
      spki: bytes(publicKey.export({ type: 'spki', format: 'der' })),
      jwk,
      ...(jwk.kty === 'RSA' ? {} : { raw: bytes(raw) }),
    },
    private: {
      pkcs8: bytes(privateKey.export({ type: 'pkcs8', format: 'der' })),
      jwk: privateKey.export({ format: 'jwk' }),
    },
    publicKey,
    privateKey,
  };
}

export const rsa: Pair = pairOf(generateKeyPairSync('rsa', { modulusLength: 2048 }));
export const shortRsa: Pair = pairOf(generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 3 }));
export const curves: Readonly<Record<string, Pair>> = Object.fromEntries(
  ['P-256', 'P-384', 'P-521'].map((namedCurve) => [namedCurve, pairOf(generateKeyPairSync('ec', { namedCurve }))]),
);
export const ed25519: Pair = pairOf(generateKeyPairSync('ed25519'));
export const x25519: Pair = pairOf(generateKeyPairSync('x25519'));
export const rsaPssKey = pairOfForeign(generateKeyPairSync('rsa-pss', { modulusLength: 1024 }));
export const otherCurve = pairOfForeign(generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' }));

function pairOfForeign({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }): Pair {
  return {
    public: { spki: bytes(publicKey.export({ type: 'spki', format: 'der' })) },
    private: { pkcs8: bytes(privateKey.export({ type: 'pkcs8', format: 'der' })) },
    publicKey,
    privateKey,
  };
}
