/** What a running connector may ask for, made from its run's grant. Every request is checked here. */
import Type, { Compile, type Static } from '#typebox';
import type { Ask, LogLevel } from '../../sandbox/index.ts';
import { findings } from '../schema.ts';
import type { Trace } from '../trace-context.ts';
import { Denied } from './denied.ts';
import { FairQueue } from './fair-queue.ts';
import type { Grant } from './one-time-tokens.ts';
import type { Outbound, OutboundResponse } from './outbound.ts';
import { methods, type PlatformApi, type PlatformResponse } from './platform-api.ts';

export interface RunEvents {
  onLog(level: LogLevel, text: string): void;
  onProgress(fraction: number, message: string): void;
  /** It asks for something, of us or of others. */
  onRequest(): void;
}

const FetchRequest = Type.Object({
  url: Type.String({ maxLength: 8_000 }),
  method: Type.Enum([...methods]),
  headers: Type.Array(Type.Tuple([Type.String({ maxLength: 200 }), Type.String({ maxLength: 16_000 })]), {
    maxItems: 100,
  }),
  body: Type.Union([Type.String(), Type.Null()]),
  bodyEncoding: Type.Optional(Type.Literal('base64')),
  redirect: Type.Optional(Type.Enum(['follow', 'manual', 'error'])),
});
const fetchRequest = Compile(FetchRequest);
const progressRequest = Compile(
  Type.Object({ fraction: Type.Number({ minimum: 0, maximum: 1 }), message: Type.String({ maxLength: 1_000 }) }),
);

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
          return this.#fetch(parse(fetchRequest, request), grantee, signal);
        }),
      progress: (request, signal) =>
        answer(async () => {
          const { fraction, message } = parse(progressRequest, request);
          progress.report(fraction, message, signal);
          return null;
        }),
      log: events.onLog,
    };
  }

  async #fetch(
    wanted: Static<typeof FetchRequest>,
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

function parse<T>(validator: { Check(value: unknown): value is T }, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Denied('invalid_request', 'The request is not JSON.');
  }
  if (validator.Check(value)) return value;
  const [first] = findings(validator as Parameters<typeof findings>[0], value);
  throw new Denied('invalid_request', `The request is not valid: ${first?.message}`);
}
