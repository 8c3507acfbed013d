/** Bytes, errors and the calls to the thread that the files of `crypto` share. */
import { fromBase64, toBase64 } from '@exodus/bytes/base64.js';
import type { Web } from '../../web-apis.ts';

declare const web: Web & { readonly DOMException: typeof DOMException };

export type Source = ArrayBuffer | ArrayBufferView;
export type Parameters = Readonly<Record<string, unknown>>;

const nothing = new Uint8Array();

export const domException = (name: string, message: string): DOMException => new web.DOMException(message, name);

/** A copy. */
export function bytesOf(source: unknown, what = 'the data'): Uint8Array {
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
  }
  if (Object.prototype.toString.call(source) === '[object ArrayBuffer]') {
    return new Uint8Array((source as ArrayBuffer).slice(0));
  }
  throw new TypeError(`${what} must be an ArrayBuffer or a view of one`);
}

export const bufferOf = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer;

/**
 * @param error name of the error if the platform fails
 * @returns the thread's text
 */
export function computeText(
  operation: string,
  parameters: Parameters,
  key: Uint8Array = nothing,
  data: Uint8Array = nothing,
  error = 'OperationError',
): string {
  const result = web.compute(operation, JSON.stringify(parameters), toBase64(key), toBase64(data));
  if (result.startsWith('+')) return result.slice(1);
  throw domException(error, result === '-' ? 'The operation failed' : `The operation failed: ${result.slice(1)}`);
}

export const compute = (operation: string, parameters: Parameters, key?: Uint8Array, data?: Uint8Array): Uint8Array =>
  fromBase64(computeText(operation, parameters, key, data));
