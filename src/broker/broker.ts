/** What a running connector may ask for, made from its run's grant. Every request is checked here. */
import type { Ask, LogLevel } from '../../sandbox/index.ts';
import type { Trace } from '../trace-context.ts';
import { type FetchRequest, fetchRequestIn, progressIn } from './ask-texts.ts';
import { Denied } from './denied.ts';
import { FairQueue } from './fair-queue.ts';
import type { Outbound, OutboundResponse } from './outbound.ts';
import type { PlatformApi, PlatformResponse } from './platform-api.ts';

export interface RunEvents {
  onLog(level: LogLevel, text: string): void;
  onProgress(fraction: number, message: string): void;
  /** It asks for something, of us or of others. */
  onRequest(): void;
}

/** Progress that comes faster is shown this often. */
const PROGRESS_EVERY_MS = 100;

/** Whose run it is, the token that it brings along, and the origins that the manifest names. */
export interface Grantee {
  readonly connectorId: string;
  readonly token: string;
  readonly permissions: readonly string[];
  readonly trace: Trace;
}

export class Broker {
  readonly #platformApi: PlatformApi;
  readonly #outbound: Outbound;
  readonly #queue = new FairQueue();

  constructor(platformApi: PlatformApi, outbound: Outbound) {
    this.#platformApi = platformApi;
    this.#outbound = outbound;
  }

  /** Makes the capabilities of one run. */
  askFor(grantee: Grantee, events: RunEvents): Ask {
    const progress = new Progress(events);
    return {
      fetch: (request, signal) =>
        answer(async () => {
          events.onRequest();
          await this.#queue.turn(grantee.connectorId);
          if (signal.aborted) throw new Denied('cancelled', 'The run has ended.');
          return this.#fetch(fetchRequestIn(request), grantee, signal);
        }),
      progress: (request, signal) =>
        answer(async () => {
          const { fraction, message } = progressIn(request);
          progress.report(fraction, message, signal);
          return null;
        }),
      log: events.onLog,
    };
  }

  async #fetch(
    wanted: FetchRequest,
    grantee: Grantee,
    signal: AbortSignal,
  ): Promise<PlatformResponse | OutboundResponse> {
    const path = this.#platformApi.pathOf(wanted.url);
    if (path !== undefined) {
      return this.#platformApi.request({ ...wanted, url: path }, grantee);
    }
    const response = await this.#outbound.fetch(wanted, grantee, signal);
    // To make a large response into a message takes a while: others have their turn before it.
    await this.#queue.turn(grantee.connectorId);
    return response;
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

async function answer(work: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify({ value: await work() });
  } catch (error) {
    const { code, message } =
      error instanceof Denied ? error : { code: 'request_failed', message: 'The request could not be made.' };
    return JSON.stringify({ error: { code, message } });
  }
}
