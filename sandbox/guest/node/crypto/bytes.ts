/** What crypto's functions take and give: bytes, or texts in an encoding. */
import { Buffer } from '../buffer.ts';

export type Bytes = string | ArrayBuffer | ArrayBufferView;
export type Encoding = BufferEncoding | 'buffer';

export function invalidArgument(name: string, expected: string): TypeError {
  return Object.assign(new TypeError(`The "${name}" argument must be ${expected}`), { code: 'ERR_INVALID_ARG_TYPE' });
}

export function bytesOf(data: unknown, encoding: unknown = 'utf8', name = 'data'): Uint8Array {
  if (typeof data === 'string') {
    return Buffer.from(data, encoding === 'buffer' ? 'utf8' : (encoding as BufferEncoding));
  }
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw invalidArgument(name, 'of type string or an instance of Buffer, TypedArray, or DataView');
}

/** A Buffer, or text if an encoding is given. */
export function encoded(bytes: Uint8Array, encoding?: unknown): string | Buffer {
  const buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  return typeof encoding === 'string' && encoding !== 'buffer' ? buffer.toString(encoding as BufferEncoding) : buffer;
}

export type Callback<T> = (error: Error | null, value?: T) => void;

/** Calls back later with what is computed now. */
export function later<T>(callback: Callback<T>, compute: () => T): void {
  let call: () => void;
  try {
    const value = compute();
    call = () => callback(null, value);
  } catch (error) {
    call = () => callback(error as Error);
  }
  queueMicrotask(call);
}
