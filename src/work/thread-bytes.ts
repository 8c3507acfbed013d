/** Moves bytes between threads. */

/** A Buffer arrives from another thread as a Uint8Array. Shares its memory. */
export const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** Buffers that can be transferred: those that one array fills completely. */
export const transferableBuffers = (arrays: readonly unknown[]): ArrayBuffer[] =>
  arrays.flatMap((bytes) =>
    bytes instanceof Uint8Array && bytes.buffer.byteLength === bytes.byteLength ? [bytes.buffer as ArrayBuffer] : [],
  );
