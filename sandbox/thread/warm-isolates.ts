/** Isolates that wait for their integration's next run; the longest unused goes first. */
import type { Bundle } from '../protocol.ts';
import type { GuestIsolate } from './guest-isolate.ts';
import { PrewarmedIsolate } from './prewarmed-isolate.ts';

const MB = 1024 * 1024;
/** What all of them may keep in memory together, over and above what an empty one takes. */
const RETAINED_BYTES = 256 * MB;
const EMPTY_BYTES = 4 * MB;
/** The runtime is told when it has changed by so much. */
const REPORT_STEP_BYTES = 4 * MB;
/** An isolate that has not run for this long is looked at: while it runs, its runs look at it themselves. */
const LOOK_AFTER_MS = 100;
/** So many at a time, which takes a tenth of a millisecond, */
const LOOK_AT_ONCE = 5;
/** and the next ones this much later. */
const LOOK_ON_AFTER_MS = 5;

interface Warm {
  readonly isolate: GuestIsolate;
  /** No run has it. */
  isFree: boolean;
  /** When its last run gave it back. */
  ranAt: number;
  /** What is counted of it. */
  retainedBytes: number;
}

export class WarmIsolates {
  /** Those that a run has, too: one for each integration. */
  readonly #warm = new Map<string, Warm>();
  readonly #most: number;
  readonly #ageMs: number;
  readonly #onRetained: (bytes: number) => void;
  readonly #prewarmed = new PrewarmedIsolate(() => this.#report());
  #retainedBytes = 0;
  #reportedBytes = 0;
  /** Integrations whose isolates are to be looked at, in this order; they may be gone. */
  readonly #toLookAt = new Set<string>();
  #look: NodeJS.Timeout | undefined;

  /**
   * @param ageMs one that has not run for so long is not used again
   * @param onRetained is told what they have in memory, all together
   */
  constructor(most: number, ageMs: number, onRetained: (bytes: number) => void) {
    this.#most = most;
    this.#ageMs = ageMs;
    this.#onRetained = onRetained;
  }

  /** The integration's own isolate if it is free and has the right code, otherwise one that nobody has had. */
  take(integrationId: string, bundle: Bundle, memoryMb: number): GuestIsolate {
    const found = this.#warm.get(integrationId);
    if (found?.isFree) {
      const { isolate, ranAt } = found;
      const isRight = isolate.bundle?.digest === bundle.digest && isolate.memoryMb === memoryMb;
      if (isRight && ranAt + this.#ageMs > performance.now()) {
        found.isFree = false;
        return isolate;
      }
      this.#release(integrationId);
    }
    const isolate = this.#prewarmed.take(memoryMb);
    isolate.bundle = bundle;
    return isolate;
  }

  /** Keeps one ready for an integration that has none yet. */
  prewarm(memoryMb: number): void {
    this.#prewarmed.prewarm(memoryMb);
  }

  /** The thread has done something. */
  onWork(): void {
    this.#prewarmed.onWork();
  }

  give(integrationId: string, isolate: GuestIsolate): void {
    const present = this.#warm.get(integrationId);
    if (isolate.isDisposed) {
      if (present?.isolate === isolate) this.#release(integrationId);
      return;
    }
    const ranAt = performance.now();
    let warm = present;
    if (warm?.isolate === isolate) {
      warm.isFree = true;
      warm.ranAt = ranAt;
    } else {
      // Two runs of an integration had one each. Who has the other one disposes of it by giving it back.
      if (present?.isFree) present.isolate.dispose();
      this.#forget(integrationId);
      warm = { isolate, isFree: true, ranAt, retainedBytes: 0 };
      this.#warm.set(integrationId, warm);
    }
    this.#count(warm);
    this.#toLookAt.add(integrationId);
    this.#look ??= setTimeout(() => this.#lookAround(), LOOK_AFTER_MS);
    if (this.#areTooMany) setImmediate(() => this.#releaseExcess());
  }

  /** Disposes of what has not been used for too long. */
  sweep(): void {
    const now = performance.now();
    this.#releaseWhere(({ ranAt }) => ranAt + this.#ageMs <= now);
    this.#report();
  }

  /** Disposes of what runs another code than is wanted now. */
  drop(digest: string): void {
    this.#releaseWhere(({ isolate }) => isolate.bundle?.digest === digest);
  }

  /** Disposes of all that no run has, and of the spare one. */
  releaseAll(): void {
    this.#releaseWhere(() => true);
    this.#prewarmed.release();
    this.#report();
  }

  #report(): void {
    const bytes = (this.#warm.size + Number(this.#prewarmed.isThere)) * EMPTY_BYTES + this.#retainedBytes;
    if (Math.abs(bytes - this.#reportedBytes) < REPORT_STEP_BYTES) return;
    this.#reportedBytes = bytes;
    this.#onRetained(bytes);
  }

  /** What was read of it last: after the first of its runs, and now and then after others. */
  #count(warm: Warm): void {
    const { retainedBytes } = warm.isolate;
    if (retainedBytes === warm.retainedBytes) return;
    this.#retainedBytes += retainedBytes - warm.retainedBytes;
    warm.retainedBytes = retainedBytes;
    this.#report();
  }

  #lookAround(): void {
    const restingSince = performance.now() - LOOK_AFTER_MS;
    for (const integrationId of [...this.#toLookAt].slice(0, LOOK_AT_ONCE)) {
      this.#toLookAt.delete(integrationId);
      const warm = this.#warm.get(integrationId);
      // One that a run has comes back here when it is given back.
      if (!warm?.isFree) continue;
      if (warm.ranAt > restingSince) this.#toLookAt.add(integrationId);
      else {
        warm.isolate.readHeap();
        this.#count(warm);
      }
    }
    this.#releaseExcess();
    this.#report();
    this.#look = this.#toLookAt.size > 0 ? setTimeout(() => this.#lookAround(), LOOK_ON_AFTER_MS) : undefined;
  }

  get #areTooMany(): boolean {
    return this.#warm.size > this.#most || this.#retainedBytes > RETAINED_BYTES;
  }

  /** To dispose of an isolate takes milliseconds: not while somebody waits for an answer. */
  #releaseExcess(): void {
    while (this.#areTooMany && this.#releaseOldest());
  }

  /** @returns false if none is free */
  #releaseOldest(): boolean {
    let oldest: [string, Warm] | undefined;
    for (const entry of this.#warm) {
      if (entry[1].isFree && !(oldest && oldest[1].ranAt <= entry[1].ranAt)) oldest = entry;
    }
    if (oldest) this.#release(oldest[0]);
    return oldest !== undefined;
  }

  #releaseWhere(isToGo: (warm: Warm) => boolean): void {
    for (const [integrationId, warm] of this.#warm) if (warm.isFree && isToGo(warm)) this.#release(integrationId);
  }

  #release(integrationId: string): void {
    this.#warm.get(integrationId)?.isolate.dispose();
    this.#forget(integrationId);
  }

  #forget(integrationId: string): void {
    this.#retainedBytes -= this.#warm.get(integrationId)?.retainedBytes ?? 0;
    this.#warm.delete(integrationId);
  }
}
