/** `Buffer`, for code that uses it as a global. */
export { Buffer } from '../buffer.ts';
