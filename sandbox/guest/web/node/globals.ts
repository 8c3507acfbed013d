/** What undici takes from Node's global object. Injected by the bundler where a name is used. */
import { Buffer } from 'buffer/';
import type { LibraryName, Web } from '../../web-apis.ts';

declare const web: Web & { readonly URL: typeof URL };

export { File } from 'fetch-blob/file.js';
export { Blob } from 'fetch-blob/index.js';
export { ReadableStream, TransformStream } from 'web-streams-polyfill';

/** The library's own makes a list of all bytes to count them. */
(Buffer as { byteLength: (text: string) => number }).byteLength = (text) => {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // Half of a pair counts two, and a pair is four; one that stands alone has been replaced before.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
  }
  return bytes;
};

export { Buffer };

export const process = { emitWarning: (): void => {} };
export class MessagePort {}

/**
 * A class of another library, for type checks. As long as that is not loaded there are no objects of
 * it; to ask does not load it.
 */
function classOf(library: LibraryName, name: string): unknown {
  const classIn = (exports: Readonly<Record<string, unknown>>): object => exports[name] as object;
  // A function's prototype may be told to be another than it is; a class's may not.
  // biome-ignore lint/complexity/useArrowFunction: an arrow function has none
  return new Proxy(function () {}, {
    get: (nothing, key) => {
      const exports = web.loaded(library);
      return Reflect.get(exports ? classIn(exports) : nothing, key);
    },
    construct: (_nothing, args) => Reflect.construct(classIn(web.load(library)) as () => void, args),
  });
}
export const URLSearchParams = classOf('url', 'URLSearchParams');
export const AbortSignal = classOf('events', 'AbortSignal');

/** Has what undici reads of a URL. */
export class RelativeUrl {
  readonly href: string;
  readonly username = '';
  readonly password = '';
  readonly protocol = 'https:';
  constructor(reference: string) {
    this.href = reference;
  }
  get hash(): string {
    const at = this.href.indexOf('#');
    return at < 0 ? '' : this.href.slice(at);
  }
  toString(): string {
    return this.href;
  }
}

const SCHEME = /^[\0- ]*[a-z][a-z0-9+.\-\t\n\r]*:/i;

/** A relative URL is the runtime's own API, and stays as it is: it needs no parser. */
class Address {
  constructor(reference: unknown) {
    const text = `${reference as string}`;
    // biome-ignore lint/correctness/noConstructorReturn: undici calls it as the class that it stands in for
    return SCHEME.test(text) ? new web.URL(text) : new RelativeUrl(text);
  }
}

export { Address as URL };
