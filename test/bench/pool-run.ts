/**
 * What it costs to hand a call to a thread of another process: over a pipe of that thread's own, as a compartment does
 * it, or over one pipe of the process and `pool.run`, by each of piscina's ways to wake a thread. 1 KB to and fro, 32
 * at a time, nothing done with it: what is printed is the way alone. The ways take turns.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { type FrameChannel, openFrameChannel } from '../../sandbox/frame.ts';
import { type Figure, figure, tableOf } from './figures.ts';
import { here, type Settings } from './rig.ts';

export const LIMITS = { bodyBytes: 1024 * 1024 };
const THREADS = 2;
const AT_ONCE = 32;
const TEXT = 'x'.repeat(1024);
const ways = ['session', 'disabled', 'async', 'sync'] as const;

interface Echoed {
  readonly perSecond: number;
  readonly cpuUs: number;
}

class Echoes {
  readonly #child;
  readonly #channels: FrameChannel<object>[] = [];
  readonly #usage: FrameChannel<object>;
  #onUsage: (usage: NodeJS.CpuUsage) => void = () => {};
  #onEcho: () => void = () => {};

  constructor(way: string) {
    const pipes = way === 'session' ? THREADS : 1;
    // The number of the usage pipe follows from the number of threads in either case.
    const stdio = Array.from({ length: THREADS + 1 }, () => 'pipe' as const);
    this.#child = spawn(process.execPath, [here('pool-run-process.ts'), way, String(THREADS)], {
      stdio: ['ignore', 'ignore', 'inherit', ...stdio],
    });
    const ends = this.#child.stdio.slice(3) as unknown as Duplex[];
    const broken = (reason: string): never => {
      throw new Error(reason);
    };
    for (const end of ends.slice(0, pipes)) {
      this.#channels.push(openFrameChannel(end, LIMITS, () => this.#onEcho(), broken));
    }
    const onUsage = (usage: unknown): void => this.#onUsage(usage as NodeJS.CpuUsage);
    this.#usage = openFrameChannel(ends[THREADS] as Duplex, LIMITS, onUsage, broken);
  }

  async measure(seconds: number): Promise<Echoed> {
    const before = await this.#cpuUs();
    const startedAt = performance.now();
    const until = startedAt + 1_000 * seconds;
    let [sent, echoed] = [0, 0];
    await new Promise<void>((resolve) => {
      const send = (): void => this.#channels[sent++ % this.#channels.length]?.send({ id: sent }, TEXT);
      this.#onEcho = () => {
        echoed++;
        if (performance.now() < until) send();
        else if (echoed === sent) resolve();
      };
      for (let i = 0; i < AT_ONCE; i++) send();
    });
    const tookS = (performance.now() - startedAt) / 1_000;
    return { perSecond: echoed / tookS, cpuUs: ((await this.#cpuUs()) - before) / echoed };
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  async #cpuUs(): Promise<number> {
    const asked = new Promise<NodeJS.CpuUsage>((resolve) => {
      this.#onUsage = resolve;
    });
    this.#usage.send({});
    const { user, system } = await asked;
    return user + system;
  }
}

export async function poolRun({ seconds, rounds }: Settings): Promise<Figure[]> {
  const processes = ways.map((way) => [way, new Echoes(way)] as const);
  const results = new Map(ways.map((way) => [way, [] as Echoed[]]));
  // The first is for the compilers, and not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const [way, echoes] of processes) {
      const measured = await echoes.measure(seconds);
      if (round > 0) results.get(way)?.push(measured);
    }
    process.stderr.write(`pool-run: round ${round} of ${rounds}\n`);
  }
  for (const [, echoes] of processes) await echoes.stop();
  const nameOf = (way: string): string => (way === 'session' ? 'a pipe per thread' : `pool.run, atomics ${way}`);
  const figures = [...results].flatMap(([way, all]) => [
    figure(
      'pool-run',
      nameOf(way),
      'per second',
      all.map(({ perSecond }) => perSecond),
    ),
    figure(
      'pool-run',
      nameOf(way),
      'µs CPU of the process',
      all.map(({ cpuUs }) => cpuUs),
    ),
  ]);
  process.stdout.write(`${tableOf(figures)}\n\n`);
  return figures;
}
