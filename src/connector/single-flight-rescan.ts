/** Scans of the bundles' folder: one at a time, again if it was asked for meanwhile, and later if it failed. */

/** After a folder could not be listed, or a bundle could not be tried, or what was accepted not be written. */
const RETRY_MS = 2_000;

export interface RescanWork {
  scanOnce(): Promise<void>;
  /** Called before a scan that was put off. */
  beforeRetry(): void;
  /** Told why the folder could not be listed. */
  onError(error: unknown): void;
}

export class SingleFlightRescan {
  readonly #work: RescanWork;
  #running: Promise<void> | undefined;
  #isRequested = false;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;
  /** Why the folder could not be listed, as long as it cannot. */
  problem: string | undefined;

  constructor(work: RescanWork) {
    this.#work = work;
  }

  /** The one that goes on. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** Calls during a scan lead to one more after it. Never rejects. */
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

  /** Settles when the one that goes on has ended; there is no other after it. */
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
