/** The globals of connector code for cryptography. Part of `guest.d.ts`. */

type HashName = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
type HashIdentifier = HashName | { name: HashName };
type CurveName = 'P-256' | 'P-384' | 'P-521';

type KeyFormat = 'raw' | 'spki' | 'pkcs8' | 'jwk';
type KeyUsage = 'encrypt' | 'decrypt' | 'sign' | 'verify' | 'deriveKey' | 'deriveBits' | 'wrapKey' | 'unwrapKey';

interface JsonWebKey {
  alg?: string;
  crv?: string;
  d?: string;
  dp?: string;
  dq?: string;
  e?: string;
  ext?: boolean;
  k?: string;
  key_ops?: string[];
  kty?: string;
  n?: string;
  p?: string;
  q?: string;
  qi?: string;
  use?: string;
  x?: string;
  y?: string;
}

interface KeyAlgorithm {
  readonly name: string;
  /** Of an HMAC, AES or RSA key, in bits. */
  readonly length?: number;
  readonly modulusLength?: number;
  readonly publicExponent?: Uint8Array<ArrayBuffer>;
  readonly hash?: { readonly name: HashName };
  readonly namedCurve?: CurveName;
}

interface CryptoKey {
  readonly type: 'secret' | 'public' | 'private';
  readonly extractable: boolean;
  readonly algorithm: KeyAlgorithm;
  readonly usages: readonly KeyUsage[];
}
declare var CryptoKey: { prototype: CryptoKey };

interface CryptoKeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

type RsaName = 'RSASSA-PKCS1-v1_5' | 'RSA-PSS' | 'RSA-OAEP';
type AesName = 'AES-GCM' | 'AES-CBC';

type Derived = { name: AesName; length: number } | { name: 'HMAC'; hash: HashIdentifier; length?: number };
type KeyPairGeneration =
  /** At most 2,048 bits; longer keys can be imported. */
  | { name: RsaName; modulusLength: number; publicExponent: Uint8Array; hash: HashIdentifier }
  | { name: 'ECDSA' | 'ECDH'; namedCurve: CurveName }
  | 'Ed25519'
  | 'X25519'
  | { name: 'Ed25519' | 'X25519' };
type KeyImport =
  | { name: RsaName | 'HMAC'; hash: HashIdentifier; length?: number }
  | { name: 'ECDSA' | 'ECDH'; namedCurve: CurveName }
  | SimpleName
  | { name: SimpleName };
type SimpleName = AesName | 'Ed25519' | 'X25519' | 'HKDF' | 'PBKDF2';

type Signing =
  | 'HMAC'
  | 'RSASSA-PKCS1-v1_5'
  | 'Ed25519'
  | { name: 'HMAC' | 'RSASSA-PKCS1-v1_5' | 'Ed25519' }
  | { name: 'RSA-PSS'; saltLength: number }
  | { name: 'ECDSA'; hash: HashIdentifier };
type Ciphering =
  | { name: 'AES-GCM'; iv: BufferSource; additionalData?: BufferSource; tagLength?: number }
  | { name: 'AES-CBC'; iv: BufferSource }
  | 'RSA-OAEP'
  | { name: 'RSA-OAEP'; label?: BufferSource };
type Deriving =
  | { name: 'HKDF'; hash: HashIdentifier; salt: BufferSource; info: BufferSource }
  /** At most a million iterations with SHA-1 and SHA-256, or 400,000, for each piece of the output as long as the hash. */
  | { name: 'PBKDF2'; hash: HashIdentifier; salt: BufferSource; iterations: number }
  | { name: 'ECDH' | 'X25519'; public: CryptoKey };

interface SubtleCrypto {
  digest(algorithm: HashIdentifier, data: BufferSource): Promise<ArrayBuffer>;
  generateKey(algorithm: KeyPairGeneration, extractable: boolean, usages: readonly KeyUsage[]): Promise<CryptoKeyPair>;
  generateKey(algorithm: Derived, extractable: boolean, usages: readonly KeyUsage[]): Promise<CryptoKey>;
  importKey(
    format: 'jwk',
    key: JsonWebKey,
    algorithm: KeyImport,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  importKey(
    format: Exclude<KeyFormat, 'jwk'>,
    key: BufferSource,
    algorithm: KeyImport,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  exportKey(format: 'jwk', key: CryptoKey): Promise<JsonWebKey>;
  exportKey(format: Exclude<KeyFormat, 'jwk'>, key: CryptoKey): Promise<ArrayBuffer>;
  sign(algorithm: Signing, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  verify(algorithm: Signing, key: CryptoKey, signature: BufferSource, data: BufferSource): Promise<boolean>;
  encrypt(algorithm: Ciphering, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  decrypt(algorithm: Ciphering, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  deriveBits(algorithm: Deriving, baseKey: CryptoKey, length?: number | null): Promise<ArrayBuffer>;
  deriveKey(
    algorithm: Deriving,
    baseKey: CryptoKey,
    derivedKeyType: Derived | 'HKDF' | 'PBKDF2',
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  wrapKey(format: KeyFormat, key: CryptoKey, wrappingKey: CryptoKey, algorithm: Ciphering): Promise<ArrayBuffer>;
  unwrapKey(
    format: KeyFormat,
    wrappedKey: BufferSource,
    unwrappingKey: CryptoKey,
    algorithm: Ciphering,
    unwrappedKeyType: KeyImport,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
}
declare var SubtleCrypto: { prototype: SubtleCrypto };

interface Crypto {
  readonly subtle: SubtleCrypto;
  /** At most 64 KiB at a time. */
  getRandomValues<T extends ArrayBufferView<ArrayBuffer>>(array: T): T;
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
}
declare var Crypto: { prototype: Crypto };
declare const crypto: Crypto;
