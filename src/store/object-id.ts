/** Ids of 24 hex digits, ObjectId's shape: seconds, five random bytes per generator, a counter. */
import { randomBytes } from 'node:crypto';

const COUNTER_LIMIT = 0x1000000;

export type ObjectIds = () => string;

/** Ids of one generator sort in creation order. */
export function objectIds(now: () => number = Date.now): ObjectIds {
  const generator = randomBytes(5).toString('hex');
  let counter = randomBytes(2).readUInt16BE();
  let lastSeconds = 0;
  return () => {
    // If the clock is set back, new ids must still sort after old ones.
    lastSeconds = Math.max(lastSeconds, Math.floor(now() / 1000));
    counter = (counter + 1) % COUNTER_LIMIT;
    return lastSeconds.toString(16).padStart(8, '0') + generator + counter.toString(16).padStart(6, '0');
  };
}

export const isObjectId = (text: unknown): text is string => typeof text === 'string' && /^[0-9a-f]{24}$/.test(text);
