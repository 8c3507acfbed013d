/** What is done with key pairs besides signing: making them, encrypting, agreeing on a secret. */
import { bytesOf, type Callback, later } from './bytes.ts';
import { createPrivateKey, createPublicKey, createSecretKey, curveNames, KeyObject, keyFrom } from './key-object.ts';
import { base64, compute, computeText, constants, hashNamed } from './platform.ts';
import { randomBytes } from './random.ts';

const BYTE = 8;
const EXPONENT = 65_537;

interface EncryptionOptions {
  readonly padding?: number;
  readonly oaepHash?: string;
  readonly oaepLabel?: unknown;
}

function schemeOf(input: unknown): object {
  const isOptions = typeof input === 'object' && input !== null && !ArrayBuffer.isView(input);
  const options: EncryptionOptions = isOptions && !(input instanceof KeyObject) ? input : {};
  const { padding = constants.RSA_PKCS1_OAEP_PADDING, oaepHash = 'sha1', oaepLabel } = options;
  if (padding === constants.RSA_PKCS1_PADDING) return { scheme: 'pkcs1' };
  if (padding !== constants.RSA_PKCS1_OAEP_PADDING) throw new Error('RSA without padding is not available');
  const label = oaepLabel === undefined ? '' : base64(bytesOf(oaepLabel));
  return { scheme: 'oaep', hash: hashNamed(oaepHash), label };
}

export const publicEncrypt = (key: unknown, data: unknown): Buffer =>
  compute('encrypt', schemeOf(key), createPublicKey(key).bytes, bytesOf(data));

export const privateDecrypt = (key: unknown, data: unknown): Buffer =>
  compute('decrypt', schemeOf(key), createPrivateKey(key).bytes, bytesOf(data));

export const diffieHellman = ({ privateKey, publicKey }: { privateKey: unknown; publicKey: unknown }): Buffer =>
  compute('agree', {}, createPrivateKey(privateKey).bytes, createPublicKey(publicKey).bytes);

interface Encoding {
  readonly type?: string;
  readonly format?: string;
}

export interface PairOptions {
  readonly modulusLength?: number;
  readonly publicExponent?: number;
  readonly namedCurve?: string;
  readonly publicKeyEncoding?: Encoding;
  readonly privateKeyEncoding?: Encoding;
}

export interface Pair {
  readonly publicKey: unknown;
  readonly privateKey: unknown;
}

const invalid = (message: string): Error => Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });

function requestOf(
  type: string,
  { modulusLength: bits, publicExponent: exponent = EXPONENT, namedCurve }: PairOptions,
) {
  if (type === 'rsa') return { kind: 'RSA', bits, exponent };
  if (type === 'ed25519') return { kind: 'Ed25519' };
  if (type === 'x25519') return { kind: 'X25519' };
  const kind = Object.keys(curveNames).find((name) => name === namedCurve || curveNames[name] === namedCurve);
  if (type !== 'ec' || kind === undefined) throw invalid(`keys of ${type} ${namedCurve ?? ''} are not available`);
  return { kind };
}

export function generateKeyPairSync(type: string, options: PairOptions = {}): Pair {
  const made = JSON.parse(computeText('generateKey', requestOf(type, options))) as Record<string, string>;
  const [publicKey, privateKey] = [
    keyFrom('spki', made.publicKey as string),
    keyFrom('pkcs8', made.privateKey as string),
  ];
  const { publicKeyEncoding, privateKeyEncoding } = options;
  return {
    publicKey: publicKeyEncoding ? publicKey.export(publicKeyEncoding) : publicKey,
    privateKey: privateKeyEncoding ? privateKey.export(privateKeyEncoding) : privateKey,
  };
}

export function generateKeyPair(type: string, ...rest: unknown[]): void {
  const callback = rest.pop() as (error: Error | null, publicKey?: unknown, privateKey?: unknown) => void;
  const answer: Callback<Pair> = (error, pair) => callback(error, pair?.publicKey, pair?.privateKey);
  later(answer, () => generateKeyPairSync(type, rest[0] as PairOptions | undefined));
}

/** Of secret keys. */
export const generateKeySync = (_type: string, { length }: { length: number }): KeyObject =>
  createSecretKey(randomBytes(Math.floor(length / BYTE)));

export function generateKey(type: string, options: { length: number }, callback: Callback<KeyObject>): void {
  later(callback, () => generateKeySync(type, options));
}

export const getCurves = (): string[] => Object.values(curveNames);
