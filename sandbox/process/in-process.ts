/**
 * The same threads without a process around them, for hosts that cannot start one. What ends a
 * process here ends the host; a thread that is stuck in native code stays until it comes out of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { portStream } from '../port-stream.ts';
import type { Host, HostEnd, ThreadOptions } from '../protocol.ts';

/** A thread that has not ended by then is left to itself. */
const END_LIMIT_MS = 1_000;

export function startInProcess({ threads, warmIsolates, warmMs }: ThreadOptions): Host {
  const channels = Array.from({ length: threads }, () => new MessageChannel());
  const gone = Promise.withResolvers<HostEnd>();
  // Not before it is asked for: the runtime's process loads neither the pool nor isolated-vm otherwise.
  const starting = import('./pool.ts').then(({ startThreads }) =>
    startThreads(
      { threads, warmIsolates, warmMs },
      channels.map(({ port2 }) => port2),
    ),
  );
  const end = async (): Promise<void> => {
    const pool = await starting;
    for (const { port1 } of channels) port1.close();
    await Promise.race([pool.end(), sleep(END_LIMIT_MS, undefined, { ref: false })]);
    gone.resolve({ fault: 'sandbox_crashed', problem: 'The threads for connectors ended while they started.' });
  };
  let isEnding = false;
  const endOnce = (): void => {
    if (isEnding) return;
    isEnding = true;
    end().catch(gone.reject);
  };
  void starting.then(({ ended }) => ended).then(endOnce, endOnce);
  return { pipes: channels.map(({ port1 }) => portStream(port1)), gone: gone.promise, yield: () => {}, kill: endOnce };
}
