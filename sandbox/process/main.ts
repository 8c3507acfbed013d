/**
 * Entry point of a compartment's process. Each worker thread has its own pipe to the runtime, on file
 * descriptors 4 and up. The main thread runs no connector code and passes no messages: it starts the
 * threads, and ends the process when its control pipe, descriptor 3, closes.
 */
import { Socket } from 'node:net';
import type { ThreadOptions } from '../protocol.ts';
import { startThreads } from './pool.ts';

const FIRST_THREAD_PIPE = 4;
/** How often to check that the runtime is alive: code that has broken out could close descriptor 3. */
const CHECK_PARENT_EVERY_MS = 1_000;

/** Threads may be stuck in native code, and then only a signal ends the process. */
const endNow = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

// Closes when the runtime releases the compartment or exits itself.
new Socket({ fd: 3 }).on('end', endNow).on('close', endNow).on('error', endNow).resume();
const parent = process.ppid;
setInterval(() => process.ppid === parent || endNow(), CHECK_PARENT_EVERY_MS);

const options = JSON.parse(process.argv[2] as string) as ThreadOptions;
const pipes = Array.from({ length: options.threads }, (_, index) => FIRST_THREAD_PIPE + index);
// A thread that ends takes its runs and isolates with it, so the runtime starts a new process.
startThreads(options, pipes).ended.then(endNow, endNow);
