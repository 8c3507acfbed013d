/** The worker threads of a compartment. The only importer of piscina. */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { CompartmentOptions } from '../protocol.ts';

/**
 * Starts a pool in which every thread has one task: to serve its pipe for as long as that is open.
 * Jobs go to the thread directly, without a hop over the main thread.
 *
 * @returns settles when the first of the threads has ended
 */
export function startThreads(options: CompartmentOptions, firstPipe: number): Promise<unknown> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const pool = new Piscina<number, void>({
    filename: fileURLToPath(new URL(`../thread/worker.${extension}`, import.meta.url)),
    workerData: options,
    minThreads: options.threads,
    maxThreads: options.threads,
    // A worker that sleeps on an atomic would stop the timers and the pipe of its thread.
    atomics: 'disabled',
    recordTiming: false,
  });
  return Promise.race(Array.from({ length: options.threads }, (_, index) => pool.run(firstPipe + index)));
}
