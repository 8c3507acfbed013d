/** Random bytes, from the thread. */
import { compute } from './platform.ts';

/** The most that the thread gives at once. */
export const RANDOM_BYTES_LIMIT = 65_536;

export const randomBytes = (bytes: number): Uint8Array =>
  bytes === 0 ? new Uint8Array() : compute('random', { bytes });
