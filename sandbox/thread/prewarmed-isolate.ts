/**
 * An isolate with the harness loaded, for the next integration that has none. Making one takes longer than
 * all the rest of a first call. So it is made while the thread is idle, one step at a time: a call that
 * arrives meanwhile waits for one step at most.
 */
import { GuestIsolate } from './guest-isolate.ts';

/** After this long without work, the thread counts as idle. */
const QUIET_MS = 2;

export class PrewarmedIsolate {
  readonly #onReady: () => void;
  /** Memory limit of the isolate to prewarm; 0 if none is needed. */
  #memoryMb = 0;
  #isScheduled = false;
  #steps: ReturnType<typeof GuestIsolate.createInSteps> | undefined;
  #isolate: GuestIsolate | undefined;
  #workedAt = 0;

  constructor(onReady: () => void) {
    this.#onReady = onReady;
  }

  get isReady(): boolean {
    return this.#isolate !== undefined;
  }

  /** From now on, keeps one with this memory limit ready. */
  prewarm(memoryMb: number): void {
    if (memoryMb === this.#memoryMb) return;
    this.release();
    this.#memoryMb = memoryMb;
  }

  /** The prewarmed isolate, finished if need be, if its memory limit matches. Otherwise a new one. */
  take(memoryMb: number): GuestIsolate {
    const isMatch = memoryMb === this.#memoryMb;
    let taken = isMatch ? this.#isolate : undefined;
    const steps = (isMatch && this.#steps) || GuestIsolate.createInSteps(memoryMb);
    while (!taken) taken = steps.next().value as GuestIsolate | undefined;
    if (isMatch) {
      this.#isolate = undefined;
      this.#steps = undefined;
    }
    return taken;
  }

  /** To be called after the thread has done something: it may be idle now. */
  onWork(): void {
    this.#workedAt = performance.now();
    if (!this.#isScheduled && !this.#isolate && this.#memoryMb > 0) this.#schedule(QUIET_MS);
  }

  release(): void {
    this.#memoryMb = 0;
    this.#steps?.return(undefined);
    this.#steps = undefined;
    this.#isolate?.dispose();
    this.#isolate = undefined;
  }

  #schedule(ms: number): void {
    this.#isScheduled = true;
    setTimeout(() => this.#step(), ms);
  }

  #step(): void {
    this.#isScheduled = false;
    if (this.#memoryMb === 0 || this.#isolate) return;
    const quietMs = performance.now() - this.#workedAt;
    if (quietMs < QUIET_MS) return this.#schedule(QUIET_MS - quietMs);
    this.#steps ??= GuestIsolate.createInSteps(this.#memoryMb);
    const isolate = this.#steps.next().value;
    this.#isScheduled = !isolate;
    // Lets calls that arrived meanwhile go first.
    if (!isolate) return void setImmediate(() => this.#step());
    this.#steps = undefined;
    this.#isolate = isolate;
    this.#onReady();
  }
}
