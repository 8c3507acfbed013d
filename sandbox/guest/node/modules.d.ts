/** Types of what is used from libraries that have none, or whose names are those of Node's modules. */
declare module 'buffer/' {
  const buffer: typeof import('node:buffer') & { readonly SlowBuffer: unknown; readonly INSPECT_MAX_BYTES: number };
  export const Buffer: typeof buffer.Buffer;
  export const SlowBuffer: unknown;
  export const INSPECT_MAX_BYTES: number;
  export const kMaxLength: number;
}
declare module 'events/' {
  import EventEmitter from 'node:events';
  export default EventEmitter;
}
declare module 'readable-stream' {
  export const Stream: typeof import('node:stream');
}
declare module 'string_decoder/' {
  export * from 'node:string_decoder';
}
declare module 'path-browserify' {
  import path from 'node:path';
  export default path.posix;
}
declare module 'punycode/' {
  const punycode: { toASCII(domain: string): string; toUnicode(domain: string): string };
  export default punycode;
}
declare module 'querystring-es3' {
  const querystring: Pick<typeof import('node:querystring'), 'parse' | 'stringify' | 'decode' | 'encode'>;
  export default querystring;
}
declare module 'url/' {
  const url: Pick<typeof import('node:url'), 'parse' | 'format' | 'resolve'>;
  export default url;
}
declare module 'util/' {
  import util from 'node:util';
  export default util;
}
declare module 'assert/' {
  import assert from 'node:assert';
  export default assert;
}
declare module 'assert/build/internal/util/comparisons.js' {
  export const isDeepStrictEqual: (a: unknown, b: unknown) => boolean;
}
