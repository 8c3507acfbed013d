/** Another connector's integration, and the throughput of its calls. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Throughput } from './neighbour-process.ts';

const program = fileURLToPath(new URL('./neighbour-process.ts', import.meta.url));
/** How long its throughput alone is measured, before and after. */
const ALONE_MS = 2_000;

/** Result of the work, and the share of the throughput that was left. */
export interface Beside<T> {
  readonly result: T;
  readonly part: number;
}

export class Neighbour {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async of(url: string, integrationId: string, token: string): Promise<Neighbour> {
    const path = `/v1/integrations/${integrationId}/settings/next`;
    const child = fork(program, [url, path, token], { execArgv: [], serialization: 'advanced' });
    await once(child, 'message');
    return new Neighbour(child);
  }

  /** Throughput beside the work, relative to the average before and after it. */
  async beside<T>(work: () => Promise<T>): Promise<Beside<T>> {
    const before = await this.#during(() => pause(ALONE_MS));
    const beside = await this.#during(work);
    const after = await this.#during(() => pause(ALONE_MS));
    const alone = (before.perSecond + after.perSecond) / 2;
    return { result: beside.result, part: beside.perSecond / alone };
  }

  async #during<T>(work: () => Promise<T>): Promise<Throughput & { readonly result: T }> {
    this.#child.send('begin');
    const result = await work();
    this.#child.send('end');
    const [throughput] = await once(this.#child, 'message');
    return { ...(throughput as Throughput), result };
  }

  close(): void {
    this.#child.disconnect();
  }
}
