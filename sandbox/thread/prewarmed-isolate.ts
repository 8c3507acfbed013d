/**
 * An isolate with the harness in it, for the next integration that has none. To make one takes longer
 * than all the rest of a first call, so it is made while the thread has nothing to do, a step at a time:
 * a call that comes meanwhile waits for one step.
 */
import { GuestIsolate } from './guest-isolate.ts';

/** For so long nobody has wanted the thread. */
const QUIET_MS = 2;

export class PrewarmedIsolate {
  readonly #onMade: () => void;
  /** Of the one that is wanted; 0 if none is. */
  #memoryMb = 0;
  #isBeingMade = false;
  #steps: ReturnType<typeof GuestIsolate.inSteps> | undefined;
  #made: GuestIsolate | undefined;
  #workedAt = 0;

  constructor(onMade: () => void) {
    this.#onMade = onMade;
  }

  get isThere(): boolean {
    return this.#made !== undefined;
  }

  /** From now on one with this limit is kept. */
  prewarm(memoryMb: number): void {
    if (memoryMb === this.#memoryMb) return;
    this.release();
    this.#memoryMb = memoryMb;
  }

  /** The spare one, made to the end, if it has the right limit; otherwise a new one. */
  take(memoryMb: number): GuestIsolate {
    const isRight = memoryMb === this.#memoryMb;
    let taken = isRight ? this.#made : undefined;
    const steps = (isRight && this.#steps) || GuestIsolate.inSteps(memoryMb);
    while (!taken) taken = steps.next().value as GuestIsolate | undefined;
    if (isRight) {
      this.#made = undefined;
      this.#steps = undefined;
    }
    return taken;
  }

  /** The thread has done something, and may have nothing more to do now. */
  onWork(): void {
    this.#workedAt = performance.now();
    if (!this.#isBeingMade && !this.#made && this.#memoryMb > 0) this.#wait(QUIET_MS);
  }

  release(): void {
    this.#memoryMb = 0;
    this.#steps?.return(undefined);
    this.#steps = undefined;
    this.#made?.dispose();
    this.#made = undefined;
  }

  #wait(ms: number): void {
    this.#isBeingMade = true;
    setTimeout(() => this.#goOn(), ms);
  }

  #goOn(): void {
    this.#isBeingMade = false;
    if (this.#memoryMb === 0 || this.#made) return;
    const quietMs = performance.now() - this.#workedAt;
    if (quietMs < QUIET_MS) return this.#wait(QUIET_MS - quietMs);
    this.#steps ??= GuestIsolate.inSteps(this.#memoryMb);
    const made = this.#steps.next().value;
    this.#isBeingMade = !made;
    // Whoever has come meanwhile comes first.
    if (!made) return void setImmediate(() => this.#goOn());
    this.#steps = undefined;
    this.#made = made;
    this.#onMade();
  }
}
