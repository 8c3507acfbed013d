#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=8388608 node --max-semi-space-size=16
/** Entry point: arguments, environment, signals, exit code. The only user of `process.env` and `process.exit`. */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

// These must run first, so all static imports are Node's own modules.
const { nodeProblem } = await import('./supported-node.js');
const problem = nodeProblem(process.versions.node);
if (problem !== undefined) {
  await new Promise((written) => process.stderr.write(`${problem}\n`, written));
  process.exit(1);
}
await import('./compile-cache.js');
const { howToGenerate } = await import('./generated-files.ts');
const instruction = howToGenerate();
if (instruction !== undefined) {
  await new Promise((written) => process.stderr.write(instruction, written));
  process.exit(1);
}
const { pino } = await import('pino');
const { runCommandLine } = await import('./cli/program.ts');

/** Log buffered for a reader that has stopped reading. More is dropped, so that the log never blocks the server. */
const LOG_BYTES = 16 * 1024 * 1024;
/** Time to flush the log at exit. */
const LOG_FLUSH_MS = 1_000;

const ending = new AbortController();
// Only the first signal counts. The command is then left to shut down.
const end = (signal: string): void => ending.abort(signal);
process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', end);
// Without a listener or `--disable-sigusr1`, SIGUSR1 opens Node's debugger. Old versions do not start with that flag,
// so it is not in the first line of this file.
process.on('SIGUSR1', () => {});
// Continue if the reader is gone.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const log = pino.destination({ fd: 2, sync: false, maxLength: LOG_BYTES });
const code = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  cwd: process.cwd(),
  input: process.stdin,
  out: process.stdout,
  err: process.stderr,
  log,
  signal: ending.signal,
});
// On some systems a pipe is written asynchronously: wait until stdout is flushed.
await new Promise((written) => process.stdout.write('', written));
const written = once(log, 'close');
log.end();
await Promise.race([written, setTimeout(LOG_FLUSH_MS)]);
// Otherwise the exit would keep retrying to write the rest while the reader does not read.
log.destroy();
process.exit(code);
