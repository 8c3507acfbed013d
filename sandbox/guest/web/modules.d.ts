/** Types of what is used from libraries that have no types, or whose types do not resolve. */
declare module 'whatwg-url' {
  const { URL, URLSearchParams }: typeof globalThis;

  export { URL, URLSearchParams };
}
declare module 'tr46' {
  type Options = Readonly<Record<string, boolean>>;
  export function toASCII(domain: string, options?: Options): string | null;
  export function toUnicode(domain: string, options?: Options): { domain: string; error: boolean };
}
declare module 'event-target-shim' {
  export class Event {
    constructor(type: string, init?: object);
  }
  export class EventTarget {
    dispatchEvent(event: Event): boolean;
  }
  export function setErrorHandler(handle: (error: Error) => void): void;
  export function setWarningHandler(handle: () => void): void;
  export function getEventAttributeValue(target: EventTarget, type: string): unknown;
  export function setEventAttributeValue(target: EventTarget, type: string, listener: unknown): void;
}
declare module '*/multi-byte.encodings.cjs' {
  const load: () => unknown;
  export default load;
}
declare module 'fetch-blob/file.js' {
  const { File }: typeof globalThis;

  export { File };
}
declare module 'fetch-blob/index.js' {
  const { Blob }: typeof globalThis;

  export { Blob };
}

declare module 'undici/lib/web/fetch/headers.js' {
  const { Headers }: typeof globalThis;

  export { Headers };
  export class HeadersList {
    append(name: string, value: string, isLowerCase: boolean): void;
  }
}
declare module 'undici/lib/web/fetch/body.js' {
  export function extractBody(
    source: string | Uint8Array,
  ): [body: { readonly stream: ReadableStream }, contentType: string | null];
}
declare module 'undici/lib/web/fetch/formdata.js' {
  const { FormData }: typeof globalThis;

  export { FormData };
}
declare module 'undici/lib/web/fetch/request.js' {
  const { Request }: typeof globalThis;

  export { Request };
  /** `source` is the text, bytes, form or blob that the body was made from; null for a stream. */
  export function getRequestState(request: Request): { readonly body: { readonly source: unknown } | null };
}
declare module 'undici/lib/web/fetch/response.js' {
  const { Response }: typeof globalThis;

  export { Response };
  export function makeResponse(parts: Readonly<Record<string, unknown>>): object;
  export function fromInnerResponse(inner: object, guard: 'immutable'): Response;
  export function getResponseState(response: Response): {
    readonly body: object | null;
    urlList: readonly { readonly href: string }[];
  };
}
