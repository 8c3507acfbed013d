/** Bytes on their way between threads. */

/** A buffer arrives from another thread as plain bytes. Same memory, no copy. */
export const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** Memory that can be transferred: that of bytes which share it with nothing else. */
export const movableOf = (all: readonly unknown[]): ArrayBuffer[] =>
  all.flatMap((bytes) =>
    bytes instanceof Uint8Array && bytes.buffer.byteLength === bytes.byteLength ? [bytes.buffer as ArrayBuffer] : [],
  );
