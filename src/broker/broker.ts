/** Makes the capabilities of a run from its grant, and checks every request against it. */
import type { Ask, LogLevel } from '../../sandbox/index.ts';
import type { Trace } from '../trace-context.ts';
import { Semaphore } from '../work/semaphore.ts';
import type { Work } from '../work/work.ts';
import { type DecodedRequest, tasks } from './ask-tasks.ts';
import { BrokerError } from './broker-error.ts';
import { FairQueue } from './fair-queue.ts';
import type { Grant } from './one-time-tokens.ts';
import type { Outbound } from './outbound.ts';
import type { PlatformApi, PlatformResponse } from './platform-api.ts';
import { Progress } from './progress.ts';
import type { RunAccount } from './run-account.ts';

export interface RunEvents {
  onLog(level: LogLevel, text: string): void;
  onProgress(fraction: number, message: string): void;
  /** A `fetch`, to the runtime or to the outside. What it returns is awaited before the request is made. */
  onRequest(): Promise<void> | undefined;
}

/** CPU time of a request that is not charged to the run. On an idle server it does not delay the next request, either. */
const FREE_CPU_MS = 0.5;
/** Requests of one run to the runtime at once. Replies may have megabytes, so not dozens of them. */
const PLATFORM_REQUESTS_AT_ONCE = 8;

/** What a run may do here and outside. */
export interface RunGrant {
  readonly connectorId: string;
  readonly account: RunAccount;
  /** The run's authority over the runtime's own API. Undefined if it has none: then all its requests go outside. */
  readonly own: { readonly grant: Grant; readonly token: string } | undefined;
  /** Origin patterns of the manifest. */
  readonly permissions: readonly string[];
  readonly trace: Trace;
}

export interface BrokerOptions {
  readonly platformApi: PlatformApi;
  readonly outbound: Outbound;
  readonly work: Work;
}

export class Broker {
  readonly #platformApi: PlatformApi;
  readonly #outbound: Outbound;
  readonly #work: Work;
  readonly #queue = new FairQueue();

  constructor({ platformApi, outbound, work }: BrokerOptions) {
    this.#platformApi = platformApi;
    this.#outbound = outbound;
    this.#work = work;
  }

  /** Makes the capabilities of one run. */
  createAsk(runGrant: RunGrant, events: RunEvents): Ask {
    const progress = new Progress(events.onProgress);
    // One per run: a run started through the runtime's API must not wait for the run that started it.
    const platformSlots = new Semaphore(PLATFORM_REQUESTS_AT_ONCE);
    const { connectorId, account } = runGrant;
    account.onCharge = (cpuMs) => this.#queue.charge(connectorId, cpuMs);
    return {
      fetch: (text, signal, isCongested = () => false) =>
        jsonOrError(async () => {
          const recorded = events.onRequest();
          if (recorded) await recorded;
          await this.#queue.nextTurn(connectorId);
          if (signal.aborted) throw new BrokerError('cancelled', 'The run has ended.');
          if (isCongested())
            throw new BrokerError(
              'overloaded',
              'Too many replies are waiting to be read. Make fewer requests at once.',
            );
          return this.#fetch(text, runGrant, signal, platformSlots);
        }),
      progress: (text, signal) => jsonOrError(async () => progress.report(text, signal)),
      log: events.onLog,
      runtimeCpuMs: () => account.cpuMs,
    };
  }

  /**
   * Charges the CPU time that this thread spends on a run until the event loop turns to others. The pool charges its
   * part itself. The connector's next request waits in proportion.
   */
  async #metered<T>({ account, connectorId }: RunGrant, work: () => Promise<T>): Promise<T> {
    const from = process.threadCpuUsage();
    let isCharged = false;
    const stop = (): void => {
      if (isCharged) return;
      isCharged = true;
      const { user, system } = process.threadCpuUsage(from);
      const cpuMs = (user + system) / 1_000;
      account.charge(cpuMs - FREE_CPU_MS);
      // While others wait, nothing is free.
      if (this.#queue.isBusy) this.#queue.charge(connectorId, Math.min(cpuMs, FREE_CPU_MS));
    };
    setImmediate(stop);
    try {
      return await work();
    } finally {
      stop();
    }
  }

  /** @returns JSON */
  async #fetch(text: string, runGrant: RunGrant, signal: AbortSignal, platformSlots: Semaphore): Promise<Buffer> {
    const request = await this.#metered(runGrant, () => this.#parse(text, runGrant.account));
    const { own, trace } = runGrant;
    const path = own && this.#platformApi.pathOf(request.url);
    if (!own || path === undefined)
      return this.#metered(runGrant, () => this.#fetchFromOutside(request, runGrant, signal));
    return platformSlots.run(async () => {
      if (signal.aborted) throw new BrokerError('cancelled', 'The run has ended.');
      return this.#metered(runGrant, async () => {
        const response = await this.#platformApi.request({ ...request, url: path }, { ...own, trace });
        return this.#write(response, runGrant.account);
      });
    });
  }

  async #fetchFromOutside(request: DecodedRequest, runGrant: RunGrant, signal: AbortSignal): Promise<Buffer> {
    const response = await this.#outbound.fetch(request, runGrant, signal);
    // Serializing a response takes time, so let others go first.
    await this.#queue.nextTurn(runGrant.connectorId);
    return this.#write(response, runGrant.account);
  }

  async #write({ body, ...head }: PlatformResponse, account: RunAccount): Promise<Buffer> {
    return (await this.#work.run(tasks, 'write', { head, moved: body }, body.length, account)).text;
  }

  async #parse(text: string, account: RunAccount): Promise<DecodedRequest> {
    const parsed = await this.#work.run(tasks, 'parse', { text }, text.length, account);
    if ('denied' in parsed) throw new BrokerError('invalid_request', parsed.denied);
    return { ...parsed.request, body: parsed.text ?? null };
  }
}

/** @param work returns JSON */
async function jsonOrError(work: () => Promise<string | Buffer>): Promise<string | Buffer> {
  try {
    return await work();
  } catch (error) {
    const { code, message, networkCode } =
      error instanceof BrokerError ? error : new BrokerError('request_failed', 'The request could not be made.');
    return JSON.stringify({ error: { code, message, networkCode } });
  }
}
