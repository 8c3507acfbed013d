/** Watches a server from outside while something is done to it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Readings } from './prober-process.ts';
import type { Server } from './server.ts';

const program = fileURLToPath(new URL('./prober-process.ts', import.meta.url));

export class Prober {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param detached in a process group of its own, which Ctrl+C does not reach */
  static async of({ url, pid }: Pick<Server, 'url' | 'pid'>, detached = false): Promise<Prober> {
    const args = [new URL(url).port, String(pid)];
    const child = fork(program, args, { execArgv: [], serialization: 'advanced', detached });
    await once(child, 'message');
    return new Prober(child);
  }

  /** Measures while the work is done. */
  async during<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly readings: Readings }> {
    this.#child.send('begin');
    const result = await work();
    return { result, readings: await this.readings() };
  }

  /** The measurement since the work began. */
  async readings(): Promise<Readings> {
    this.#child.send('end');
    const [readings] = await once(this.#child, 'message');
    return readings as Readings;
  }

  close(): void {
    this.#child.disconnect();
  }
}
