/** The worker threads of a compartment. The only importer of piscina. */
import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { ThreadOptions } from '../protocol.ts';

/** A thread's end of its pipe: a file descriptor, or a message port within this process. */
export type Pipe = number | MessagePort;

export interface Pool {
  /** Settles when any of the threads has ended. */
  readonly ended: Promise<unknown>;
  /** Ends the threads. A thread stuck in native code ends when it gets out of it. */
  end(): Promise<void>;
}

/**
 * Starts a pool in which each thread has a single task: serving its pipe while that is open. Jobs go
 * straight to the thread, without a hop through this one.
 */
export function startThreads(options: ThreadOptions, pipes: readonly Pipe[]): Pool {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const pool = new Piscina<Pipe, void>({
    filename: fileURLToPath(new URL(`../thread/worker.${extension}`, import.meta.url)),
    workerData: options,
    env: {},
    minThreads: pipes.length,
    maxThreads: pipes.length,
    // A worker that sleeps on an atomic would block its thread's timers and pipe.
    atomics: 'disabled',
    recordTiming: false,
  });
  const sessions = pipes.map((pipe) => {
    // Piscina types the list as a browser's transfer list, which differs from Node's.
    const transferList = (typeof pipe === 'number' ? [] : [pipe]) as object;
    return pool.run(pipe, { transferList });
  });
  return { ended: Promise.race(sessions), end: () => pool.destroy() };
}
