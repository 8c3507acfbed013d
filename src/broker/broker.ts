/** What a running connector may ask for, made from its run's grant. Every request is checked here. */
import type { Ask, LogLevel } from '../../sandbox/index.ts';
import type { Trace } from '../trace-context.ts';
import { Semaphore } from '../work/semaphore.ts';
import type { Work } from '../work/work.ts';
import { type AskedRequest, tasks } from './ask-tasks.ts';
import { progressIn } from './ask-texts.ts';
import { Denied } from './denied.ts';
import { FairQueue } from './fair-queue.ts';
import type { Grant } from './one-time-tokens.ts';
import type { Outbound } from './outbound.ts';
import type { PlatformApi, PlatformResponse } from './platform-api.ts';

export interface RunEvents {
  onLog(level: LogLevel, text: string): void;
  onProgress(fraction: number, message: string): void;
  /** It asks for something, of us or of others. */
  onRequest(): void;
}

/** Of each request, what does not count towards the run's CPU limit; nor towards its turns, on an idle server. */
const FREE_MS = 0.5;
/** Of a run's requests to the runtime: replies of some megabytes each must not wait in memory by the dozen. */
const PLATFORM_REQUESTS_AT_ONCE = 8;
/** Progress that comes faster is shown this often. */
const PROGRESS_EVERY_MS = 100;

/** Whose run it is, what it may do here, and the origins that the manifest names. */
export interface Grantee {
  readonly connectorId: string;
  readonly grant: Grant;
  readonly token: string;
  readonly permissions: readonly string[];
  readonly trace: Trace;
}

export interface BrokerOptions {
  readonly platformApi: PlatformApi;
  readonly outbound: Outbound;
  /** For what is large. */
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
  askFor(grantee: Grantee, events: RunEvents): Ask {
    const progress = new Progress(events);
    // A run's own: runs that it starts through the runtime must not wait for it.
    const semaphore = new Semaphore(PLATFORM_REQUESTS_AT_ONCE);
    const { connectorId, grant } = grantee;
    grant.onCharged = (cpuMs) => this.#queue.charge(connectorId, cpuMs);
    return {
      fetch: (text, signal, isCongested = () => false) =>
        answer(async () => {
          events.onRequest();
          await this.#queue.turn(connectorId);
          if (signal.aborted) throw new Denied('cancelled', 'The run has ended.');
          if (isCongested()) throw new Denied('overloaded', 'Too many replies wait to be read; ask for less at once.');
          return this.#fetch(text, grantee, signal, semaphore);
        }),
      progress: (text, signal) =>
        answer(async () => {
          const { fraction, message } = progressIn(text);
          progress.report(fraction, message, signal);
          return '{"value":null}';
        }),
      log: events.onLog,
      runtimeCpuMs: () => grant.cpuMs,
    };
  }

  /**
   * What this thread does for a run before anybody else has their turn is counted as its CPU time, and so is what
   * the pool does for it; its next request waits in proportion.
   */
  async #counted<T>({ grant }: Grantee, work: () => Promise<T>): Promise<T> {
    const from = process.threadCpuUsage();
    let isCounted = false;
    const stop = (): void => {
      if (isCounted) return;
      isCounted = true;
      const { user, system } = process.threadCpuUsage(from);
      const cpuMs = (user + system) / 1_000;
      grant.charge(cpuMs - FREE_MS);
      // Where others wait, there is nothing to give away.
      if (this.#queue.isBusy) this.#queue.charge(grant.connectorId, Math.min(cpuMs, FREE_MS));
    };
    setImmediate(stop);
    try {
      return await work();
    } finally {
      stop();
    }
  }

  /** @returns JSON */
  async #fetch(text: string, grantee: Grantee, signal: AbortSignal, semaphore: Semaphore): Promise<Buffer> {
    const request = await this.#counted(grantee, () => this.#parsed(text, grantee.grant));
    const path = this.#platformApi.pathOf(request.url);
    if (path === undefined) return this.#counted(grantee, () => this.#fetchFromOutside(request, grantee, signal));
    return semaphore.run(async () => {
      if (signal.aborted) throw new Denied('cancelled', 'The run has ended.');
      return this.#counted(grantee, async () => {
        const response = await this.#platformApi.request({ ...request, url: path }, grantee);
        return this.#written(response, grantee.grant);
      });
    });
  }

  async #fetchFromOutside(request: AskedRequest, grantee: Grantee, signal: AbortSignal): Promise<Buffer> {
    const response = await this.#outbound.fetch(request, grantee, signal);
    // To make a response into a message takes a while: others have their turn before it.
    await this.#queue.turn(grantee.connectorId);
    return this.#written(response, grantee.grant);
  }

  async #written({ body, ...head }: PlatformResponse, grant: Grant): Promise<Buffer> {
    return (await this.#work.run(tasks, 'write', { head, moved: body }, body.length, grant)).text;
  }

  async #parsed(text: string, grant: Grant): Promise<AskedRequest> {
    const parsed = await this.#work.run(tasks, 'parse', { text }, text.length, grant);
    if ('denied' in parsed) throw new Denied('invalid_request', parsed.denied);
    return { ...parsed.request, body: parsed.text ?? null };
  }
}

/** The first report goes through at once; of those that follow too fast, the newest, if the run still goes on. */
class Progress {
  readonly #events: RunEvents;
  #newest: [fraction: number, message: string] | undefined;
  #pause: NodeJS.Timeout | undefined;

  constructor(events: RunEvents) {
    this.#events = events;
  }

  report(fraction: number, message: string, ended: AbortSignal): void {
    this.#newest = [fraction, message];
    if (!this.#pause) this.#show(ended);
  }

  #show(ended: AbortSignal): void {
    this.#pause = undefined;
    if (!this.#newest || ended.aborted) return;
    this.#events.onProgress(...this.#newest);
    this.#newest = undefined;
    this.#pause = setTimeout(() => this.#show(ended), PROGRESS_EVERY_MS);
    this.#pause.unref();
  }
}

/** @param work makes JSON */
async function answer(work: () => Promise<string | Buffer>): Promise<string | Buffer> {
  try {
    return await work();
  } catch (error) {
    const { code, message } =
      error instanceof Denied ? error : { code: 'request_failed', message: 'The request could not be made.' };
    return JSON.stringify({ error: { code, message } });
  }
}
