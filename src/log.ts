/** The log of the process: JSON lines on stderr. A reader that stands still does not hold up the server. */
import { once } from 'node:events';
import { type Logger, pino } from 'pino';

/** So much waits for the reader; what is beyond is lost. */
const WAITING_BYTES = 16 * 1024 * 1024;
/** How long an end waits for it. */
const END_MS = 1_000;

export interface Log {
  readonly logger: Logger;
  /** Settles when all of it is written, or nobody takes it. Nothing may be logged any more. */
  end(): Promise<void>;
}

export function openLog(level: string): Log {
  const destination = pino.destination({ fd: 2, sync: false, maxLength: WAITING_BYTES });
  return {
    logger: pino({ level }, destination),
    async end() {
      const closed = once(destination, 'close');
      const limit = setTimeout(() => destination.destroy(), END_MS);
      destination.end();
      await closed;
      clearTimeout(limit);
    },
  };
}
