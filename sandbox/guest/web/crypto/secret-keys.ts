/** Algorithms whose keys are plain bytes: HMAC, AES, HKDF and PBKDF2. */
import { toBase64 } from '@exodus/bytes/base64.js';
import {
  type Algorithm,
  dataError,
  hashes,
  hashNamed,
  integerOf,
  type KeyData,
  memberBytes,
  notSupported,
  optionalBytes,
} from './algorithm.ts';
import { assertJwk, secretJwk, secretOf } from './jwk.ts';
import { assertUsages, type CryptoKey, type KeyAlgorithm, type KeyParts, makeKey, type Usage } from './key.ts';
import { compute, domException, type Parameters } from './platform.ts';
import { randomBytes } from './random.ts';

const BYTE = 8;
const OCTET_MAX = 255;
const SHORT_MAX = 0xffff;
const LONG_MAX = 0xffff_ffff;

const isBytes = (data: KeyData): data is Uint8Array => ArrayBuffer.isView(data);

function secretKey(
  algorithm: KeyAlgorithm,
  bytes: Uint8Array,
  extractable: boolean,
  usages: readonly Usage[],
): CryptoKey {
  return makeKey({ type: 'secret', algorithm, extractable, usages, bytes });
}

// --- HMAC -----------------------------------------------------------------------------------------

const hmacUsages: readonly Usage[] = ['sign', 'verify'];
const hmacAlgorithm = (hash: string, bytes: Uint8Array): KeyAlgorithm => ({
  name: 'HMAC',
  length: bytes.length * BYTE,
  hash: { name: hash },
});
const hmacAlg = (hash: string | undefined): string => `HS${`${hash}`.slice('SHA-'.length)}`;

function hmacBits(parameters: Parameters): number {
  const hash = hashNamed(parameters.hash);
  if (parameters.length === undefined) return (hashes[hash]?.blockBytes as number) * BYTE;
  return integerOf(parameters, 'length', LONG_MAX);
}

const macOf = (key: KeyParts, data: Uint8Array): Uint8Array =>
  compute('hmac', { hash: key.algorithm.hash?.name }, key.bytes, data);

export const hmac: Algorithm = {
  generateKey(parameters, extractable, usages) {
    const bits = hmacBits(parameters);
    if (bits === 0 || bits % BYTE !== 0) {
      throw domException('OperationError', 'the length must be a multiple of 8 bits, and not 0');
    }
    assertUsages(usages, hmacUsages);
    const bytes = randomBytes(bits / BYTE);
    return secretKey(hmacAlgorithm(hashNamed(parameters.hash), bytes), bytes, extractable, usages);
  },
  importKey(format, data, parameters, extractable, usages) {
    const hash = hashNamed(parameters.hash);
    assertUsages(usages, hmacUsages);
    if (format !== 'raw' && format !== 'jwk') throw notSupported(`an HMAC key as ${format}`);
    if (!isBytes(data)) assertJwk(data, { kty: 'oct', use: 'sig', alg: [hmacAlg(hash)] }, extractable, usages);
    const bytes = isBytes(data) ? data : secretOf(data);
    if (bytes.length === 0) throw dataError('the key is empty');
    if (parameters.length !== undefined && integerOf(parameters, 'length', LONG_MAX) !== bytes.length * BYTE) {
      throw dataError('the length does not match the key');
    }
    return secretKey(hmacAlgorithm(hash, bytes), bytes, extractable, usages);
  },
  exportKey(format, { bytes, algorithm, usages }) {
    if (format === 'raw') return bytes;
    if (format === 'jwk') return secretJwk(bytes, hmacAlg(algorithm.hash?.name), usages);
    throw notSupported(`an HMAC key as ${format}`);
  },
  sign: (_parameters, key, data) => macOf(key, data),
  verify(_parameters, key, signature, data) {
    const expected = macOf(key, data);
    let difference = signature.length ^ expected.length;
    for (let i = 0; i < expected.length; i++) difference |= (expected[i] as number) ^ (signature[i] ?? 0);
    return difference === 0;
  },
  keyBits(parameters) {
    const bits = hmacBits(parameters);
    if (bits === 0) throw new TypeError('a key has at least one bit');
    return bits;
  },
};

// --- AES ------------------------------------------------------------------------------------------

const aesUsages: readonly Usage[] = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'];
const aesBits = [128, 192, 256];

function aesLength(parameters: Parameters): number {
  const bits = integerOf(parameters, 'length', SHORT_MAX);
  if (!aesBits.includes(bits)) throw domException('OperationError', 'an AES key has 128, 192 or 256 bits');
  return bits;
}

/** @param ciphering the parameters for the thread */
function aes(name: string, ciphering: (parameters: Parameters) => Parameters): Algorithm {
  const alg = (bytes: Uint8Array): string => `A${bytes.length * BYTE}${name.slice('AES-'.length)}`;
  const keyOf = (bytes: Uint8Array, extractable: boolean, usages: readonly Usage[]): CryptoKey =>
    secretKey({ name, length: bytes.length * BYTE }, bytes, extractable, usages);
  return {
    generateKey(parameters, extractable, usages) {
      const bits = aesLength(parameters);
      assertUsages(usages, aesUsages);
      return keyOf(randomBytes(bits / BYTE), extractable, usages);
    },
    importKey(format, data, _parameters, extractable, usages) {
      assertUsages(usages, aesUsages);
      if (format !== 'raw' && format !== 'jwk') throw notSupported(`an AES key as ${format}`);
      const bytes = isBytes(data) ? data : secretOf(data);
      if (!aesBits.includes(bytes.length * BYTE)) throw dataError('an AES key has 128, 192 or 256 bits');
      if (!isBytes(data)) assertJwk(data, { kty: 'oct', use: 'enc', alg: [alg(bytes)] }, extractable, usages);
      return keyOf(bytes, extractable, usages);
    },
    exportKey(format, { bytes, usages }) {
      if (format === 'raw') return bytes;
      if (format === 'jwk') return secretJwk(bytes, alg(bytes), usages);
      throw notSupported(`an AES key as ${format}`);
    },
    encrypt: (parameters, { bytes }, data) => compute('encrypt', ciphering(parameters), bytes, data),
    decrypt: (parameters, { bytes }, data) => compute('decrypt', ciphering(parameters), bytes, data),
    keyBits: aesLength,
  };
}

const tagBits = [32, 64, 96, 104, 112, 120, 128];

export const aesGcm: Algorithm = aes('AES-GCM', (parameters) => {
  const iv = memberBytes(parameters, 'iv');
  const aad = optionalBytes(parameters, 'additionalData');
  const bits = parameters.tagLength === undefined ? 128 : integerOf(parameters, 'tagLength', OCTET_MAX);
  if (!tagBits.includes(bits)) throw domException('OperationError', `a tag cannot have ${bits} bits`);
  return { scheme: 'gcm', iv: toBase64(iv), aad: toBase64(aad), tagBytes: bits / BYTE };
});

const BLOCK_BYTES = 16;

export const aesCbc: Algorithm = aes('AES-CBC', (parameters) => {
  const iv = memberBytes(parameters, 'iv');
  if (iv.length !== BLOCK_BYTES) throw domException('OperationError', `iv must have ${BLOCK_BYTES} bytes`);
  return { scheme: 'cbc', iv: toBase64(iv) };
});

// --- HKDF and PBKDF2 ------------------------------------------------------------------------------

const deriving: readonly Usage[] = ['deriveKey', 'deriveBits'];

function derivation(name: string, derive: (parameters: Parameters, key: Uint8Array, bytes: number) => Uint8Array) {
  return {
    importKey(format, data, _parameters, extractable, usages) {
      if (format !== 'raw' || !isBytes(data)) throw notSupported(`a key of ${name} as ${format}`);
      assertUsages(usages, deriving);
      if (extractable) throw domException('SyntaxError', `a key of ${name} cannot be extractable`);
      return secretKey({ name }, data, false, usages);
    },
    deriveBits(parameters, { bytes }, bits) {
      if (bits === null || bits % BYTE !== 0) {
        throw domException('OperationError', 'the length must be a multiple of 8 bits');
      }
      return derive(parameters, bytes, bits / BYTE);
    },
    keyBits: () => null,
  } satisfies Algorithm;
}

export const hkdf: Algorithm = derivation('HKDF', (parameters, key, bytes) => {
  const [salt, info] = [memberBytes(parameters, 'salt'), memberBytes(parameters, 'info')];
  const hash = hashNamed(parameters.hash);
  return compute('hkdf', { hash, salt: toBase64(salt), info: toBase64(info), bytes }, key);
});

export const pbkdf2: Algorithm = derivation('PBKDF2', (parameters, key, bytes) => {
  const salt = memberBytes(parameters, 'salt');
  const iterations = integerOf(parameters, 'iterations', LONG_MAX);
  const hash = hashNamed(parameters.hash);
  if (iterations === 0) throw domException('OperationError', 'at least one iteration is needed');
  return compute('pbkdf2', { hash, salt: toBase64(salt), iterations, bytes }, key);
});
