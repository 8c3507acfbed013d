/** `atob` and `btoa`, with the forgiving decode of the Infra standard. */
import { fromBase64, toBase64 } from '@exodus/bytes/base64.js';
import type { Web } from '../web-apis.ts';

declare const web: Web & { readonly DOMException: typeof DOMException };

const CHARACTERS_AT_ONCE = 8_192;

const invalid = (message: string): DOMException => new web.DOMException(message, 'InvalidCharacterError');

export function atob(...args: [text: unknown]): string {
  if (args.length < 1) throw new TypeError('atob takes a string');
  let data = `${args[0] as string}`.replace(/[\t\n\f\r ]+/g, '');
  if (data.length % 4 === 0) data = data.replace(/={1,2}$/, '');
  if (data.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(data)) throw invalid('The string is not base64.');
  // Bits after the last whole byte are dropped.
  const rest = data.length % 4;
  if (rest > 0) {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const last = alphabet.indexOf(data.at(-1) as string) & (rest === 2 ? 0b110000 : 0b111100);
    data = data.slice(0, -1) + alphabet[last];
  }
  const bytes = fromBase64(data, { padding: false });
  let binary = '';
  for (let i = 0; i < bytes.length; i += CHARACTERS_AT_ONCE) {
    binary += String.fromCharCode(...bytes.subarray(i, i + CHARACTERS_AT_ONCE));
  }
  return binary;
}

export function btoa(...args: [text: unknown]): string {
  if (args.length < 1) throw new TypeError('btoa takes a string');
  const binary = `${args[0] as string}`;
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) {
    const code = binary.charCodeAt(i);
    if (code > 0xff) throw invalid('The string has characters outside Latin-1.');
    bytes[i] = code;
  }
  return toBase64(bytes);
}
