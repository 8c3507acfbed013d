/** `TextEncoder` and `TextDecoder`. The tables of the multi-byte encodings come as a library of their own. */
export { TextDecoder, TextEncoder } from '@exodus/bytes/encoding.js';
