/** `url`: the functions from before `URL`, and `URL` itself. */
import legacy from 'url/';
import punycode from './punycode.ts';
import { urlToHttpOptions } from './url-to-http-options.ts';

function fileURLToPath(address: string | URL): string {
  const { protocol, pathname } = new URL(address);
  if (protocol !== 'file:')
    throw Object.assign(new TypeError('The URL must be of scheme file'), { code: 'ERR_INVALID_URL_SCHEME' });
  return decodeURIComponent(pathname);
}

const pathToFileURL = (path: string): URL =>
  new URL(`file://${path.startsWith('/') ? '' : '/'}${path.split('/').map(encodeURIComponent).join('/')}`);

const format = (address: unknown, options?: unknown): string =>
  address instanceof URL ? address.href : (legacy.format as (...args: unknown[]) => string)(address, options);

export default {
  ...legacy,
  format,
  urlToHttpOptions,
  fileURLToPath,
  pathToFileURL,
  domainToASCII: (domain: string): string => punycode.toASCII(domain),
  domainToUnicode: (domain: string): string => punycode.toUnicode(domain),
  get URL() {
    return URL;
  },
  get URLSearchParams() {
    return URLSearchParams;
  },
};
