/** Runs one scan of the bundles' folder at a time, once more if requested meanwhile, and again after a failure. */

/** Delay before a failed listing, check or write is repeated. */
const RETRY_MS = 2_000;

export interface RescanWork {
  scanOnce(): Promise<void>;
  /** Called before a scheduled retry. */
  beforeRetry(): void;
  /** The folder could not be listed. */
  onError(error: unknown): void;
}

export class SingleFlightRescan {
  readonly #work: RescanWork;
  #running: Promise<void> | undefined;
  #isRequested = false;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;
  /** Why the folder cannot be listed, while that lasts. */
  problem: string | undefined;

  constructor(work: RescanWork) {
    this.#work = work;
  }

  /** The scan in progress. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** Calls during a scan cause one more after it. Never rejects. */
  scan(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isRequested = true;
    this.#running ??= this.#scanWhileRequested()
      .then(
        () => {
          this.problem = undefined;
        },
        (error) => this.#handleFailure(error),
      )
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  scheduleRetry(): void {
    clearTimeout(this.#retry);
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.#work.beforeRetry();
      void this.scan();
    }, RETRY_MS);
  }

  /** Settles when the scan in progress has ended; no other follows. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#running;
  }

  async #scanWhileRequested(): Promise<void> {
    while (this.#isRequested) {
      this.#isRequested = false;
      await this.#work.scanOnce();
    }
  }

  #handleFailure(error: unknown): void {
    this.problem = `The bundles could not be listed (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`;
    this.#work.onError(error);
    this.scheduleRetry();
  }
}
