/**
 * Replaces tr46 where whatwg-url imports it. As the URL standard notes, an ASCII domain without a Punycode
 * label is only lower-cased, which needs no tables.
 */
import type * as tr46 from 'tr46';
import type { Web } from '../web-apis.ts';

declare const web: Web;

const isPlainAscii = (domain: string): boolean => /^[\0-\x7f]*$/.test(domain) && !/(?:^|\.)xn--/i.test(domain);

export const toASCII: typeof tr46.toASCII = (domain, options) =>
  isPlainAscii(domain) && !options?.verifyDNSLength && !options?.useSTD3ASCIIRules
    ? domain.toLowerCase()
    : (web.load('idna') as unknown as typeof tr46).toASCII(domain, options);

export const toUnicode: typeof tr46.toUnicode = (domain, options) =>
  (web.load('idna') as unknown as typeof tr46).toUnicode(domain, options);
