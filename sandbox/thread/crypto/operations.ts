/** What can be done with a key: MACs, signatures, ciphers, and deriving another. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  pbkdf2Sync,
  privateDecrypt,
  publicEncrypt,
  sign as signWith,
  verify as verifyWith,
} from 'node:crypto';
import { privateKey, publicKey } from './keys.ts';
import { type Parameters, RefusedError } from './parameters.ts';

/**
 * Iterations of PBKDF2 for each piece of output as long as the hash. They take a sixth of a second. On a crowded machine,
 * a thread that stays in one operation for much longer counts as stuck.
 */
const pbkdf2IterationLimits: Readonly<Record<string, number>> = {
  sha1: 1_000_000,
  sha256: 1_000_000,
  sha384: 400_000,
  sha512: 400_000,
};
/** Of derived keys. */
const DERIVED_BYTES_LIMIT = 1_048_576;
/** OpenSSL's integers. */
const SALT_LENGTH_LIMIT = 0x7fff_ffff;

const hashBytes: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

type Operation = (parameters: Parameters, key: Buffer, data: Buffer) => Buffer | string;

export const hmac: Operation = (parameters, key, data) => createHmac(parameters.hash, key).update(data).digest();

// --- signatures -----------------------------------------------------------------------------------

interface Scheme {
  /** None for those that have their own. */
  readonly hash: string | undefined;
  readonly options: { padding?: number; saltLength?: number; dsaEncoding?: 'der' | 'ieee-p1363' };
}

const encodings: ReadonlyMap<unknown, 'der' | 'ieee-p1363'> = new Map([
  ['der', 'der'],
  ['ieee-p1363', 'ieee-p1363'],
]);

const schemes: ReadonlyMap<unknown, (parameters: Parameters) => Scheme> = new Map<
  string,
  (parameters: Parameters) => Scheme
>([
  ['pkcs1', ({ hash }) => ({ hash, options: { padding: constants.RSA_PKCS1_PADDING } })],
  [
    'pss',
    (parameters) => {
      const saltLength = parameters.integer('saltLength', constants.RSA_PSS_SALTLEN_AUTO, SALT_LENGTH_LIMIT);
      return { hash: parameters.hash, options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength } };
    },
  ],
  [
    'ecdsa',
    (parameters) => ({ hash: parameters.hash, options: { dsaEncoding: parameters.oneOf('encoding', encodings) } }),
  ],
  ['ed25519', () => ({ hash: undefined, options: {} })],
]);

const typesOfSchemes: ReadonlyMap<string, string> = new Map([
  ['pkcs1', 'rsa'],
  ['pss', 'rsa'],
  ['ecdsa', 'ec'],
  ['ed25519', 'ed25519'],
]);

function schemeFor(parameters: Parameters, key: KeyObject): Scheme {
  const scheme = parameters.oneOf('scheme', schemes)(parameters);
  if (key.asymmetricKeyType !== typesOfSchemes.get(parameters.text('scheme'))) throw new RefusedError('not supported');
  return scheme;
}

export const sign: Operation = (parameters, der, data) => {
  const key = privateKey(der);
  const { hash, options } = schemeFor(parameters, key);
  return signWith(hash, data, { key, ...options });
};

/** @returns `true` or `false` */
export const verify: Operation = (parameters, der, data) => {
  const key = publicKey(der);
  const { hash, options } = schemeFor(parameters, key);
  return String(verifyWith(hash, data, { key, ...options }, parameters.bytes('signature')));
};

// --- ciphers --------------------------------------------------------------------------------------

interface Cipher {
  encrypt(parameters: Parameters, key: Buffer, data: Buffer): Buffer;
  decrypt(parameters: Parameters, key: Buffer, data: Buffer): Buffer;
}

const aesBits = (key: Buffer): number => {
  if (![16, 24, 32].includes(key.length)) throw new RefusedError('not supported');
  return key.length * 8;
};
const tagBytes = (parameters: Parameters): number => parameters.integer('tagBytes', 4, 16);

const gcm: Cipher = {
  encrypt(parameters, key, data) {
    const authTagLength = tagBytes(parameters);
    const cipher = createCipheriv(`aes-${aesBits(key)}-gcm` as 'aes-256-gcm', key, parameters.bytes('iv'), {
      authTagLength,
    });
    cipher.setAAD(parameters.bytes('aad'));
    return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
  },
  decrypt(parameters, key, data) {
    const authTagLength = tagBytes(parameters);
    const decipher = createDecipheriv(`aes-${aesBits(key)}-gcm` as 'aes-256-gcm', key, parameters.bytes('iv'), {
      authTagLength,
    });
    decipher.setAAD(parameters.bytes('aad'));
    decipher.setAuthTag(data.subarray(data.length - authTagLength));
    return Buffer.concat([decipher.update(data.subarray(0, data.length - authTagLength)), decipher.final()]);
  },
};

const cbc: Cipher = {
  encrypt(parameters, key, data) {
    const cipher = createCipheriv(`aes-${aesBits(key)}-cbc`, key, parameters.bytes('iv'));
    return Buffer.concat([cipher.update(data), cipher.final()]);
  },
  decrypt(parameters, key, data) {
    const decipher = createDecipheriv(`aes-${aesBits(key)}-cbc`, key, parameters.bytes('iv'));
    return Buffer.concat([decipher.update(data), decipher.final()]);
  },
};

const oaep: Cipher = {
  encrypt: (parameters, der, data) => publicEncrypt(oaepOptions(parameters, publicKey(der)), data),
  decrypt: (parameters, der, data) => privateDecrypt(oaepOptions(parameters, privateKey(der)), data),
};

function oaepOptions(parameters: Parameters, key: KeyObject) {
  const [oaepHash, oaepLabel] = [parameters.hash, parameters.bytes('label')];
  return { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash, oaepLabel };
}

/** The padding of old, for Node's `publicEncrypt` and `privateDecrypt`. */
const pkcs1: Cipher = {
  encrypt: (_, der, data) => publicEncrypt({ key: publicKey(der), padding: constants.RSA_PKCS1_PADDING }, data),
  decrypt: (_, der, data) => privateDecrypt({ key: privateKey(der), padding: constants.RSA_PKCS1_PADDING }, data),
};

const ciphers: ReadonlyMap<unknown, Cipher> = new Map(Object.entries({ gcm, cbc, oaep, pkcs1 }));

export const encrypt: Operation = (parameters, key, data) =>
  parameters.oneOf('scheme', ciphers).encrypt(parameters, key, data);
export const decrypt: Operation = (parameters, key, data) =>
  parameters.oneOf('scheme', ciphers).decrypt(parameters, key, data);

// --- derived keys ---------------------------------------------------------------------------------

export const pbkdf2: Operation = (parameters, key) => {
  const { hash } = parameters;
  const bytes = parameters.integer('bytes', 0, DERIVED_BYTES_LIMIT);
  const pieces = Math.max(1, Math.ceil(bytes / (hashBytes[hash] as number)));
  const iterations = parameters.integer('iterations', 1, Math.floor((pbkdf2IterationLimits[hash] as number) / pieces));
  if (bytes === 0) return Buffer.alloc(0);
  return pbkdf2Sync(key, parameters.bytes('salt'), iterations, bytes, hash);
};

export const hkdf: Operation = (parameters, key) => {
  const bytes = parameters.integer('bytes', 0, DERIVED_BYTES_LIMIT);
  if (bytes === 0) return Buffer.alloc(0);
  return Buffer.from(hkdfSync(parameters.hash, key, parameters.bytes('salt'), parameters.bytes('info'), bytes));
};

/** @param data the other's public key */
export const agree: Operation = (_parameters, key, data) =>
  diffieHellman({ privateKey: privateKey(key), publicKey: publicKey(data) });
