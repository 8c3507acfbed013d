/** What connector code sees beside ECMAScript and the harness's own globals, by the library that makes it. */
export const webApis = {
  url: ['URL', 'URLSearchParams'],
  idna: [],
  encoding: ['TextEncoder', 'TextDecoder'],
  'legacy-encoding': [],
  base64: ['atob', 'btoa'],
  'structured-clone': ['structuredClone'],
  events: ['DOMException', 'Event', 'EventTarget', 'AbortController', 'AbortSignal'],
  crypto: ['Crypto', 'CryptoKey', 'SubtleCrypto', 'crypto'],
  fetch: ['Headers', 'Request', 'Response', 'FormData', 'Blob', 'File', 'fetch'],
} as const satisfies Record<string, readonly string[]>;

export type LibraryName = keyof typeof webApis;

/**
 * What a library finds instead of the globals of its names, which connector code may have replaced:
 * the libraries' own exports, made when first read, and the way to the thread.
 */
export interface Web {
  /** The exports of a library that need not be loaded: undefined as long as it is not. */
  loaded(library: LibraryName): Readonly<Record<string, unknown>> | undefined;
  load(library: LibraryName): Readonly<Record<string, unknown>>;
  request(capability: 'fetch', payload: unknown): Promise<unknown>;
  /** Random bytes, a digest, a MAC: see `HostCallbacks.compute`. */
  compute(operation: string, algorithm: string, key: string, data: string): string;
  /** Ends the run with an error that nobody waits for. */
  report(error: unknown): void;
  /** A timer that ends with the run's answer. */
  setSignalTimer(callback: () => void, delayMs: number): void;
}
