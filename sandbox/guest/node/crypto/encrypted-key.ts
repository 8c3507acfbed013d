/** Private keys under a passphrase: PKCS #8 with PBES2, PBKDF2 and AES-CBC (RFC 8018), which is what is made today. */
import { base64, compute } from './platform.ts';

interface Element {
  readonly tag: number;
  readonly body: Uint8Array;
}

const LONG_FORM = 0x80;
const [SEQUENCE, INTEGER, OCTETS, OBJECT] = [0x30, 0x02, 0x04, 0x06];
const MAX_LENGTH_BYTES = 3;

const refused = (message: string, code: string): Error => Object.assign(new Error(message), { code });
const invalid = (): Error => refused('error:1E08010C:DECODER routines::unsupported', 'ERR_OSSL_UNSUPPORTED');

/** The elements that follow one another in DER. */
function elements(der: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < der.length; ) {
    const tag = der[at++] as number;
    let length = der[at++] ?? Number.POSITIVE_INFINITY;
    if (length >= LONG_FORM) {
      const bytes = length - LONG_FORM;
      if (bytes === 0 || bytes > MAX_LENGTH_BYTES) throw invalid();
      length = der.slice(at, at + bytes).reduce((value, byte) => value * 256 + byte, 0);
      at += bytes;
    }
    if (at + length > der.length) throw invalid();
    found.push({ tag, body: der.slice(at, at + length) });
    at += length;
  }
  return found;
}

function bodyOf(list: readonly Element[], index: number, tag: number): Uint8Array {
  const element = list[index];
  if (element?.tag !== tag) throw invalid();
  return element.body;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const [PBES2, PBKDF2] = ['2a864886f70d01050d', '2a864886f70d01050c'];
const hashes: Readonly<Record<string, string>> = {
  '2a864886f70d0207': 'SHA-1',
  '2a864886f70d0209': 'SHA-256',
  '2a864886f70d020a': 'SHA-384',
  '2a864886f70d020b': 'SHA-512',
};
const keyBytes: Readonly<Record<string, number>> = {
  '608648016503040102': 16,
  '608648016503040116': 24,
  '60864801650304012a': 32,
};

export function decryptedKey(der: Uint8Array, passphrase: Uint8Array | undefined): Uint8Array {
  if (!passphrase) throw refused('Passphrase required for encrypted key', 'ERR_MISSING_PASSPHRASE');
  const info = elements(bodyOf(elements(der), 0, SEQUENCE));
  const scheme = elements(bodyOf(info, 0, SEQUENCE));
  if (hex(bodyOf(scheme, 0, OBJECT)) !== PBES2) throw invalid();
  const parts = elements(bodyOf(scheme, 1, SEQUENCE));
  const derivation = elements(bodyOf(parts, 0, SEQUENCE));
  const encryption = elements(bodyOf(parts, 1, SEQUENCE));
  if (hex(bodyOf(derivation, 0, OBJECT)) !== PBKDF2) throw invalid();
  const parameters = elements(bodyOf(derivation, 1, SEQUENCE));
  const iterations = Number(`0x${hex(bodyOf(parameters, 1, INTEGER))}`);
  const prf = parameters.find(({ tag }) => tag === SEQUENCE);
  const hash = prf ? hashes[hex(bodyOf(elements(prf.body), 0, OBJECT))] : 'SHA-1';
  const bytes = keyBytes[hex(bodyOf(encryption, 0, OBJECT))];
  if (hash === undefined || bytes === undefined) throw invalid();
  const salt = base64(bodyOf(parameters, 0, OCTETS));
  const key = compute('pbkdf2', { hash, salt, iterations, bytes }, passphrase);
  try {
    const iv = base64(bodyOf(encryption, 1, OCTETS));
    return compute('decrypt', { scheme: 'cbc', iv }, key, bodyOf(info, 1, OCTETS));
  } catch {
    throw refused('error:1C800064:Provider routines::bad decrypt', 'ERR_OSSL_BAD_DECRYPT');
  }
}
