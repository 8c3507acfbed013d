/**
 * Entry of a compartment: a jailed process. Each of its worker threads has a pipe of its own to the
 * runtime, file descriptors 4 and up; descriptor 3 is for the main thread, which runs no connector
 * code and carries no messages: it starts the threads and ends the process when it should end.
 */
import { Socket } from 'node:net';
import type { CompartmentOptions } from '../protocol.ts';
import { startThreads } from './pool.ts';

const FIRST_THREADS_PIPE = 4;

/** Threads may be stuck for good in native code: only the signal ends such a process. */
const endNow = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

// Closed when the runtime lets go of the compartment, or is gone itself.
new Socket({ fd: 3 }).on('end', endNow).on('close', endNow).on('error', endNow).resume();

const options = JSON.parse(process.argv[2] as string) as CompartmentOptions;
// A thread that has ended took its runs and its isolates with it: the runtime starts anew.
startThreads(options, FIRST_THREADS_PIPE).then(endNow, endNow);
