/** Keys as text. */
import { Buffer } from '../buffer.ts';
import { decryptedKey } from './encrypted-key.ts';

export interface EncodedKey {
  /** As the thread names it. */
  readonly format: string;
  readonly data: Uint8Array;
}

/** By the label of a PEM. */
const formats: Readonly<Record<string, string>> = {
  'PRIVATE KEY': 'pkcs8',
  'ENCRYPTED PRIVATE KEY': 'encrypted',
  'RSA PRIVATE KEY': 'private pkcs1',
  'EC PRIVATE KEY': 'sec1',
  'PUBLIC KEY': 'spki',
  'RSA PUBLIC KEY': 'public pkcs1',
  CERTIFICATE: 'certificate',
  'X509 CERTIFICATE': 'certificate',
  'TRUSTED CERTIFICATE': 'certificate',
};

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*(?:-(?!----)[^-]*)*)-----END \1-----/g;

export const unsupported = (): Error =>
  Object.assign(new Error('error:1E08010C:DECODER routines::unsupported'), { code: 'ERR_OSSL_UNSUPPORTED' });

/** Other blocks, such as a curve's parameters, may come first. */
export function keyIn(pem: string, passphrase: Uint8Array | undefined): EncodedKey {
  for (const [, label = '', body = ''] of pem.matchAll(BLOCK)) {
    const format = Object.hasOwn(formats, label) ? formats[label] : undefined;
    if (format === undefined) continue;
    // Headers are those of the encryption that PKCS #8 replaced.
    if (body.includes(':')) throw unsupported();
    const data = Buffer.from(body, 'base64');
    return format === 'encrypted' ? { format: 'pkcs8', data: decryptedKey(data, passphrase) } : { format, data };
  }
  throw unsupported();
}

const LINE = /.{1,64}/g;

export function pemOf(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(LINE) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
