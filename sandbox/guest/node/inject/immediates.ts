/** `setImmediate` and `clearImmediate`, for code that uses them as globals. */
export { clearImmediate, setImmediate } from '../immediates.ts';
