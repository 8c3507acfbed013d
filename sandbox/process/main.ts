/**
 * Entry of a compartment: a jailed process. Each of its worker threads has a pipe of its own to the
 * runtime, file descriptors 4 and up; descriptor 3 is for the main thread, which runs no connector
 * code and carries no messages: it starts the threads and ends the process when it should end.
 */
import { Socket } from 'node:net';
import type { ThreadOptions } from '../protocol.ts';
import { startThreads } from './pool.ts';

const FIRST_THREADS_PIPE = 4;
/** How often it is made sure that the runtime lives: code that has broken out could close descriptor 3. */
const LOOK_FOR_PARENT_EVERY_MS = 1_000;

/** Threads may be stuck for good in native code: only the signal ends such a process. */
const endNow = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

// Closed when the runtime lets go of the compartment, or is gone itself.
new Socket({ fd: 3 }).on('end', endNow).on('close', endNow).on('error', endNow).resume();
const parent = process.ppid;
setInterval(() => process.ppid === parent || endNow(), LOOK_FOR_PARENT_EVERY_MS);

const options = JSON.parse(process.argv[2] as string) as ThreadOptions;
const pipes = Array.from({ length: options.threads }, (_, index) => FIRST_THREADS_PIPE + index);
// A thread that has ended took its runs and its isolates with it: the runtime starts anew.
startThreads(options, pipes).ended.then(endNow, endNow);
