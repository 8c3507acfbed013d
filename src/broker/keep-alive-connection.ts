/** Prepares a connection for undici: makes it lenient about response heads, and marks errors of stale connections. */
import type { Socket } from 'node:net';
import { ResponseHeads } from './response-heads.ts';

interface StaleError extends Error {
  isStaleConnection?: boolean;
}

/** Whether a request failed because the server had closed an idle pooled connection. */
export const isStaleConnection = (error: unknown): boolean => (error as StaleError | null)?.isStaleConnection === true;

/** Relies on undici reading with `read` only, and writing one request at a time (see `ResponseHeads`). */
export function prepareConnection(socket: Socket): void {
  const heads = new ResponseHeads();
  const read = socket.read.bind(socket);
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.read = (size?: number): Buffer | null => {
    for (;;) {
      const chunk = read(size) as Buffer | null;
      if (chunk === null) return null;
      const rewritten = heads.take(chunk);
      if (rewritten.length > 0) return rewritten;
    }
  };
  socket.write = (...args: unknown[]): boolean => {
    heads.expect();
    return write(...args);
  };
  // undici's own listener comes later and passes the same error object to the request.
  socket.on('error', (error: StaleError) => {
    error.isStaleConnection = heads.isReused;
  });
}
