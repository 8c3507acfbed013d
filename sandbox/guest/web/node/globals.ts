/** Node globals that undici uses. The bundler injects them where their names occur. */
import { Buffer } from 'buffer/';
import type { LibraryName, Web } from '../../web-apis.ts';

declare const web: Web & { readonly URL: typeof URL };

export { File } from 'fetch-blob/file.js';
export { Blob } from 'fetch-blob/index.js';

/** The library's own version builds a list of all bytes to count them. */
(Buffer as { byteLength: (text: string) => number }).byteLength = (text) => {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // Each half of a surrogate pair counts two of its four bytes. Lone surrogates have been replaced before.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
  }
  return bytes;
};

export { Buffer };

export const process = { emitWarning: (): void => {} };
export class MessagePort {}

/**
 * A class of another library, for type checks. Checking does not load the library: while it is not loaded,
 * there are no objects of the class.
 */
function classOf(library: LibraryName, name: string): unknown {
  const classIn = (exports: Readonly<Record<string, unknown>>): object => exports[name] as object;
  // A proxy may report another prototype for a function, but not for a class.
  // biome-ignore lint/complexity/useArrowFunction: arrow functions have no prototype
  return new Proxy(function () {}, {
    get: (nothing, key) => {
      const exports = web.loaded(library);
      return Reflect.get(exports ? classIn(exports) : nothing, key);
    },
    construct: (_nothing, args) => Reflect.construct(classIn(web.load(library)) as () => void, args),
  });
}
export const URLSearchParams = classOf('url', 'URLSearchParams');
export const ReadableStream = classOf('streams', 'ReadableStream');
export const TransformStream = classOf('streams', 'TransformStream');
export const AbortSignal = classOf('events', 'AbortSignal');

/** The parts of a URL that undici reads. */
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

/** A relative URL addresses the runtime's own API. It stays as it is and needs no parser. */
class Address {
  constructor(reference: unknown) {
    const text = `${reference as string}`;
    // biome-ignore lint/correctness/noConstructorReturn: undici uses it as the URL class
    return SCHEME.test(text) ? new web.URL(text) : new RelativeUrl(text);
  }
}

export { Address as URL };
