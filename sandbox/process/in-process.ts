/**
 * The same threads without a process around them, for embedders that cannot start one. What would end the
 * compartment's process ends the embedder's, and a thread stuck in native code cannot be killed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { portStream } from '../port-stream.ts';
import type { Host, HostExit, ThreadOptions } from '../protocol.ts';

/** A thread that has not ended by then is abandoned. */
const END_TIMEOUT_MS = 1_000;

export function startInProcess({ threads, warmIsolates, warmMs }: ThreadOptions): Host {
  const channels = Array.from({ length: threads }, () => new MessageChannel());
  const exited = Promise.withResolvers<HostExit>();
  // Imported on demand: otherwise the runtime's process loads neither the pool nor isolated-vm.
  const starting = import('./pool.ts').then(({ startThreads }) =>
    startThreads(
      { threads, warmIsolates, warmMs },
      channels.map(({ port2 }) => port2),
    ),
  );
  const end = async (): Promise<void> => {
    const pool = await starting;
    for (const { port1 } of channels) port1.close();
    await Promise.race([pool.end(), sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
    exited.resolve({ fault: 'sandbox_crashed', problem: 'The connector threads ended while starting.' });
  };
  let isEnding = false;
  const endOnce = (): void => {
    if (isEnding) return;
    isEnding = true;
    end().catch(exited.reject);
  };
  void starting.then(({ ended }) => ended).then(endOnce, endOnce);
  return {
    pipes: channels.map(({ port1 }) => portStream(port1)),
    exited: exited.promise,
    lowerPriority: () => {},
    kill: endOnce,
  };
}
