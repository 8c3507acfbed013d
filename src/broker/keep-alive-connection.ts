/** Prepares a connection for undici: lenient response heads, and errors that say whether the connection was stale. */
import type { Socket } from 'node:net';
import { ResponseHeads } from './response-heads.ts';

interface StaleError extends Error {
  isStaleConnection?: boolean;
}

/** Whether a request failed because the server had closed a kept connection while it was idle. */
export const isStaleConnection = (error: unknown): boolean => (error as StaleError | null)?.isStaleConnection === true;

/** undici reads with `read` alone, and writes a whole request before the next: see `ResponseHeads`. */
export function prepareConnection(socket: Socket): void {
  const heads = new ResponseHeads();
  const read = socket.read.bind(socket);
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.read = (size?: number): Buffer | null => {
    for (;;) {
      const chunk = read(size) as Buffer | null;
      if (chunk === null) return null;
      const taken = heads.take(chunk);
      if (taken.length > 0) return taken;
    }
  };
  socket.write = (...args: unknown[]): boolean => {
    heads.expect();
    return write(...args);
  };
  // undici listens later, and passes the same error on to the request.
  socket.on('error', (error: StaleError) => {
    error.isStaleConnection = heads.isReused;
  });
}
