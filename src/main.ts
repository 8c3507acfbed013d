#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=8388608 node --max-semi-space-size=16 --disable-sigusr1
/** The process's door: arguments, environment, signals, exit codes. The only user of `process.env` and `process.exit`. */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

// The first of all, hence nothing but Node's own is imported at the top.
await import('./compile-cache.js');
const { howToGenerate } = await import('./generated-files.ts');
const instruction = howToGenerate();
if (instruction !== undefined) {
  await new Promise((written) => process.stderr.write(instruction, written));
  process.exit(1);
}
const { pino } = await import('pino');
const { runCommandLine } = await import('./cli/program.ts');

// A reader of the log that stands still must not hold up the server: so much waits for it, and the rest is lost.
const LOG_BYTES = 16 * 1024 * 1024;
/** For what is on its way to such a reader when the process ends. */
const LOG_FLUSH_MS = 1_000;

const ending = new AbortController();
// The first counts; a command that is ending is left to it.
const end = (signal: string): void => ending.abort(signal);
process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', end);
// Without a listener, and without `--disable-sigusr1`, Node would open a debugger.
process.on('SIGUSR1', () => {});
// Whoever read it has gone; that ends no server, and a command is done with what it does.
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
// What was written is on its way: a pipe takes it later than the call returns on some systems.
await new Promise((written) => process.stdout.write('', written));
const written = once(log, 'close');
log.end();
await Promise.race([written, setTimeout(LOG_FLUSH_MS)]);
// What is still not taken would be tried again and again at the exit, for as long as the reader stands still.
log.destroy();
process.exit(code);
