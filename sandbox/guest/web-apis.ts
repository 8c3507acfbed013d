import type { Capability, ModuleFunction } from '../capabilities.ts';

/** The globals made by libraries, by library name. ECMAScript and the harness provide the others. */
export const webApis = {
  url: ['URL', 'URLSearchParams'],
  idna: [],
  encoding: ['TextEncoder', 'TextDecoder', 'TextEncoderStream', 'TextDecoderStream'],
  'legacy-encoding': [],
  base64: ['atob', 'btoa'],
  'structured-clone': ['structuredClone'],
  events: ['DOMException', 'Event', 'EventTarget', 'AbortController', 'AbortSignal'],
  crypto: ['Crypto', 'crypto'],
  subtle: ['CryptoKey', 'SubtleCrypto'],
  streams: [
    'ReadableStream',
    'ReadableStreamDefaultReader',
    'ReadableStreamBYOBReader',
    'ReadableStreamDefaultController',
    'ReadableByteStreamController',
    'ReadableStreamBYOBRequest',
    'WritableStream',
    'WritableStreamDefaultWriter',
    'WritableStreamDefaultController',
    'TransformStream',
    'TransformStreamDefaultController',
    'ByteLengthQueuingStrategy',
    'CountQueuingStrategy',
  ],
  compression: ['CompressionStream', 'DecompressionStream'],
  fetch: ['Headers', 'Request', 'Response', 'FormData', 'Blob', 'File', 'fetch'],
  /** The flow engine, for the harness alone. */
  flow: [],
} as const satisfies Record<string, readonly string[]>;

export type LibraryName = keyof typeof webApis;

/**
 * What a library uses instead of globals, which connector code may have replaced: the exports of other
 * libraries, loaded when first read, and the calls to the thread.
 */
export interface Web {
  /** The exports of a library; undefined while it is not loaded. */
  loaded(library: LibraryName): Readonly<Record<string, unknown>> | undefined;
  load(library: LibraryName): Readonly<Record<string, unknown>>;
  request(capability: Exclude<Capability, ModuleFunction>, payload: unknown): Promise<unknown>;
  /** What cryptography needs the platform for: see `HostCallbacks.compute`. */
  compute(operation: string, parameters: string, key: string, data: string): string;
  /** Ends the run with an uncaught error. */
  report(error: unknown): void;
  /** A timer that is cleared when the run answers. */
  setSignalTimer(callback: () => void, delayMs: number): void;
}
