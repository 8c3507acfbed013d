/** The worker threads of a compartment. The only importer of piscina. */
import { fileURLToPath } from 'node:url';
import type { MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { ThreadOptions } from '../protocol.ts';

/** A thread's end of its pipe: a file descriptor, or a port of this process. */
export type Pipe = number | MessagePort;

export interface Pool {
  /** Settles when the first of the threads has ended. */
  readonly ended: Promise<unknown>;
  /** Ends the threads; one that is stuck in native code, when it comes out of it. */
  end(): Promise<void>;
}

/**
 * Starts a pool in which every thread has one task: to serve its pipe for as long as that is open.
 * Jobs go to the thread directly, without a hop over this thread.
 */
export function startThreads(options: ThreadOptions, pipes: readonly Pipe[]): Pool {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const pool = new Piscina<Pipe, void>({
    filename: fileURLToPath(new URL(`../thread/worker.${extension}`, import.meta.url)),
    workerData: options,
    env: {},
    minThreads: pipes.length,
    maxThreads: pipes.length,
    // A worker that sleeps on an atomic would stop the timers and the pipe of its thread.
    atomics: 'disabled',
    recordTiming: false,
  });
  const sessions = pipes.map((pipe) => {
    // The type of the list is a browser's, where such a list has another name.
    const transferList = (typeof pipe === 'number' ? [] : [pipe]) as object;
    return pool.run(pipe, { transferList });
  });
  return { ended: Promise.race(sessions), end: () => pool.destroy() };
}
