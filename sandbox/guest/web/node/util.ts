/** Replaces `node:util` and `node:util/types`. */
const tagOf = (value: unknown): string => Object.prototype.toString.call(value);

export const types = {
  isProxy: (): boolean => false,
  isArrayBuffer: (value: unknown): boolean => tagOf(value) === '[object ArrayBuffer]',
  isSharedArrayBuffer: (value: unknown): boolean => tagOf(value) === '[object SharedArrayBuffer]',
  isAnyArrayBuffer: (value: unknown): boolean => /^\[object (?:Shared)?ArrayBuffer\]$/.test(tagOf(value)),
  isTypedArray: (value: unknown): boolean => ArrayBuffer.isView(value) && tagOf(value) !== '[object DataView]',
  isDataView: (value: unknown): boolean => tagOf(value) === '[object DataView]',
  isUint8Array: (value: unknown): boolean => ArrayBuffer.isView(value) && tagOf(value) === '[object Uint8Array]',
  isBigUint64Array: (value: unknown): boolean => tagOf(value) === '[object BigUint64Array]',
};
export const { isUint8Array } = types;

export const inspect = Object.assign((value: unknown): string => `${JSON.stringify(value)}`, {
  custom: Symbol.for('nodejs.util.inspect.custom'),
});
export const formatWithOptions = (_options: unknown, value: unknown): string => inspect(value);
