/** `process`, for code that uses it as a global. */
export { default as process } from '../process.ts';
