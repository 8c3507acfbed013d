/** The capability `progress`: reports how far a run has come. */
import Type, { Compile, type Static } from '#typebox';
import { invalidAsk, parseAsk } from './parse-ask.ts';

const REQUEST_CHARS = 10_000;
/** Minimum time between two published reports. */
const INTERVAL_MS = 100;

const ProgressRequest = Type.Object({
  fraction: Type.Number({ minimum: 0, maximum: 1 }),
  message: Type.String({ maxLength: 1_000 }),
});
const progressRequest = Compile(ProgressRequest);

/** @throws BrokerError `invalid_request` */
export function parseProgress(text: string): Static<typeof ProgressRequest> {
  if (text.length > REQUEST_CHARS) throw invalidAsk(`The progress report is longer than ${REQUEST_CHARS} characters.`);
  return parseAsk(progressRequest, text);
}

/** Publishes the first report at once. Of reports that follow too fast, publishes the newest while the run lasts. */
export class Progress {
  readonly #publish: (fraction: number, message: string) => void;
  #newest: Static<typeof ProgressRequest> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(publish: (fraction: number, message: string) => void) {
    this.#publish = publish;
  }

  /** @returns JSON; @throws BrokerError `invalid_request` */
  report(text: string, signal: AbortSignal): string {
    this.#newest = parseProgress(text);
    if (!this.#timer) this.#publishNewest(signal);
    return '{"value":null}';
  }

  #publishNewest(signal: AbortSignal): void {
    this.#timer = undefined;
    if (!this.#newest || signal.aborted) return;
    this.#publish(this.#newest.fraction, this.#newest.message);
    this.#newest = undefined;
    this.#timer = setTimeout(() => this.#publishNewest(signal), INTERVAL_MS);
    this.#timer.unref();
  }
}
