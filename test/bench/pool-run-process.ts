/**
 * A process whose threads answer with what they were sent, for pool-run.ts: over a pipe for each thread (`session`),
 * or as tasks of a piscina pool with the given `atomics`. The last pipe asks for the CPU time of the process.
 */
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { openFrameChannel } from '../../sandbox/frame.ts';
import { LIMITS } from './pool-run.ts';
import type { Work } from './pool-run-thread.ts';

const [, , way = '', threads = '1'] = process.argv;
const count = Number(threads);
const isSession = way === 'session';
const pool = new Piscina<Work, string>({
  filename: fileURLToPath(new URL('./pool-run-thread.ts', import.meta.url)),
  minThreads: count,
  maxThreads: count,
  atomics: isSession ? 'disabled' : (way as 'sync' | 'async' | 'disabled'),
  recordTiming: false,
});

if (isSession) {
  for (let thread = 0; thread < count; thread++) void pool.run({ fd: 3 + thread });
} else {
  const channel = openFrameChannel<unknown>(
    new Socket({ fd: 3 }),
    LIMITS,
    async (header, text) => channel.send(header, await pool.run({ text })),
    () => process.exit(1),
  );
}
const usage = openFrameChannel<NodeJS.CpuUsage>(
  new Socket({ fd: 3 + count }).on('end', () => process.exit()),
  LIMITS,
  () => usage.send(process.cpuUsage()),
  () => process.exit(1),
);
