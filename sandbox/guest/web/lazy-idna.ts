/**
 * Stands in for tr46 where whatwg-url imports it. By the URL standard's own note a domain of ASCII
 * without a label in Punycode is lower-cased and nothing else, and so needs no tables.
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
