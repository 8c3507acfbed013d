/**
 * An isolate with the harness in it, for the next integration that has none. To make one takes longer
 * than all the rest of a first call, so it is made while the thread has nothing to do, a step at a time:
 * a call that comes meanwhile waits for one step.
 */
import { GuestIsolate } from './guest-isolate.ts';

/** For so long nobody has wanted the thread. */
const QUIET_MS = 2;

export class SpareIsolate {
  readonly #onMade: () => void;
  /** Of the next one; 0 as long as none is wanted. */
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

  /** The spare one if it has the right limit, otherwise a new one; then another is made for the next. */
  take(memoryMb: number): GuestIsolate {
    if (memoryMb !== this.#memoryMb) this.letGo();
    this.#memoryMb = memoryMb;
    let taken = this.#made;
    while (!taken) taken = this.#step();
    this.#made = undefined;
    if (!this.#isBeingMade) this.#wait(QUIET_MS);
    return taken;
  }

  /** The thread has had something to do. */
  noteWork(): void {
    this.#workedAt = performance.now();
  }

  letGo(): void {
    this.#memoryMb = 0;
    this.#steps?.return(undefined);
    this.#steps = undefined;
    this.#made?.dispose();
    this.#made = undefined;
  }

  #step(): GuestIsolate | undefined {
    this.#steps ??= GuestIsolate.inSteps(this.#memoryMb);
    const made = this.#steps.next().value;
    if (made) this.#steps = undefined;
    return made as GuestIsolate | undefined;
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
    this.#made = this.#step();
    if (this.#made) return this.#onMade();
    this.#isBeingMade = true;
    // Whoever has come meanwhile comes first.
    setImmediate(() => this.#goOn());
  }
}
