/** Isolates kept warm for their integration's next run. At either limit, the least recently used one goes first. */
import type { Bundle } from '../protocol.ts';
import type { GuestIsolate } from './guest-isolate.ts';
import { PrewarmedIsolate } from './prewarmed-isolate.ts';

const MB = 1024 * 1024;
/** What an isolate costs without what it retains. Measured at 1.5 to 2.2 MiB (`npm run bench -- first-calls cold`). */
const EMPTY_BYTES = 3 * MB;
/** What it may have had for a while: memory that was freed returns to the system late. */
const ALLOWED_BYTES = 4 * MB;
/** Until the runtime says how much it is. */
const FIRST_LIMIT_BYTES = 64 * MB;
/** The runtime is notified when the memory has changed by this much. */
const REPORT_STEP_BYTES = 4 * MB;
/** An isolate that has been idle this long is measured, and this often one is looked for. Runs measure those in use. */
const MEASURE_AFTER_MS = 100;
/** Isolates measured in one go; this many take a tenth of a millisecond. */
const MEASURE_BATCH = 5;
/** Pause before the next batch. */
const MEASURE_PAUSE_MS = 5;

interface WarmIsolate {
  readonly isolate: GuestIsolate;
  /** Whether no run has it. */
  isFree: boolean;
  /** When its last run returned it. */
  lastUsedAt: number;
  /** Its share of the total. */
  retainedBytes: number;
}

export class WarmIsolates {
  /** One per integration, including those that a run has. */
  readonly #warm = new Map<string, WarmIsolate>();
  readonly #maxCount: number;
  /** Of all isolates together. */
  #limitBytes = FIRST_LIMIT_BYTES;
  readonly #maxAgeMs: number;
  readonly #onRetained: (bytes: number) => void;
  readonly #prewarmed = new PrewarmedIsolate(() => this.#report());
  #retainedBytes = 0;
  #reportedBytes = 0;
  /** Integrations whose isolates are to be measured, in this order. They may have none any more. */
  readonly #toMeasure = new Set<string>();
  #measuring: NodeJS.Timeout | undefined;

  /**
   * @param maxAgeMs an isolate unused for this long is not used again
   * @param onRetained gets the memory of all isolates together
   */
  constructor(maxCount: number, maxAgeMs: number, onRetained: (bytes: number) => void) {
    this.#maxCount = maxCount;
    this.#maxAgeMs = maxAgeMs;
    this.#onRetained = onRetained;
  }

  /** The integration's own isolate if it is free and fits, or else a new one that no one has used. */
  take(integrationId: string, bundle: Bundle, memoryMb: number): GuestIsolate {
    const existing = this.#warm.get(integrationId);
    if (existing?.isFree) {
      const { isolate, lastUsedAt } = existing;
      const isMatch = isolate.bundle?.digest === bundle.digest && isolate.memoryMb === memoryMb;
      if (isMatch && lastUsedAt + this.#maxAgeMs > performance.now()) {
        existing.isFree = false;
        return isolate;
      }
      this.#release(integrationId);
    }
    const isolate = this.#prewarmed.take(memoryMb);
    isolate.bundle = bundle;
    return isolate;
  }

  /** Keeps an isolate ready for an integration that has none yet. */
  prewarm(memoryMb: number): void {
    this.#prewarmed.prewarm(memoryMb);
  }

  /** To be called after the thread has done something. */
  onWork(): void {
    this.#prewarmed.onWork();
  }

  limit(bytes: number): void {
    this.#limitBytes = bytes;
    this.#releaseExcess();
  }

  giveBack(integrationId: string, isolate: GuestIsolate): void {
    const existing = this.#warm.get(integrationId);
    if (isolate.isDisposed) {
      if (existing?.isolate === isolate) this.#release(integrationId);
      return;
    }
    const lastUsedAt = performance.now();
    let warm = existing;
    if (warm?.isolate === isolate) {
      warm.isFree = true;
      warm.lastUsedAt = lastUsedAt;
    } else {
      // Overlapping runs of an integration have an isolate each. Only the last one returned stays.
      if (existing?.isFree) existing.isolate.dispose();
      this.#forget(integrationId);
      warm = { isolate, isFree: true, lastUsedAt, retainedBytes: 0 };
      this.#warm.set(integrationId, warm);
    }
    this.#count(warm);
    this.#toMeasure.add(integrationId);
    this.#measuring ??= setTimeout(() => this.#measureNext(), MEASURE_AFTER_MS);
    if (this.#isOverLimit) setImmediate(() => this.#releaseExcess());
  }

  /** Disposes of isolates unused for too long. */
  sweep(): void {
    const now = performance.now();
    this.#releaseWhere(({ lastUsedAt }) => lastUsedAt + this.#maxAgeMs <= now);
    this.#report();
  }

  /** Disposes of idle isolates that have this bundle. */
  drop(digest: string): void {
    this.#releaseWhere(({ isolate }) => isolate.bundle?.digest === digest);
  }

  /** Disposes of all idle isolates and the prewarmed one. */
  releaseAll(): void {
    this.#releaseWhere(() => true);
    this.#prewarmed.release();
    this.#report();
  }

  #report(): void {
    const bytes = (this.#warm.size + Number(this.#prewarmed.isReady)) * ALLOWED_BYTES + this.#retainedBytes;
    if (Math.abs(bytes - this.#reportedBytes) < REPORT_STEP_BYTES) return;
    this.#reportedBytes = bytes;
    this.#onRetained(bytes);
  }

  /** Adds the isolate's last reading to the total. */
  #count(warm: WarmIsolate): void {
    const { retainedBytes } = warm.isolate;
    if (retainedBytes === warm.retainedBytes) return;
    this.#retainedBytes += retainedBytes - warm.retainedBytes;
    warm.retainedBytes = retainedBytes;
    this.#report();
  }

  #measureNext(): void {
    const idleSince = performance.now() - MEASURE_AFTER_MS;
    let measured = 0;
    for (const integrationId of this.#toMeasure) {
      if (measured === MEASURE_BATCH) break;
      const warm = this.#warm.get(integrationId);
      // One used a moment ago stays queued. One in use is queued again when it is returned.
      if (warm?.isFree && warm.lastUsedAt > idleSince) continue;
      this.#toMeasure.delete(integrationId);
      if (!warm?.isFree) continue;
      warm.isolate.readHeap();
      this.#count(warm);
      measured++;
    }
    this.#releaseExcess();
    this.#report();
    const pauseMs = measured === MEASURE_BATCH ? MEASURE_PAUSE_MS : MEASURE_AFTER_MS;
    this.#measuring = this.#toMeasure.size > 0 ? setTimeout(() => this.#measureNext(), pauseMs) : undefined;
  }

  get #isOverLimit(): boolean {
    return this.#warm.size > this.#maxCount || this.#bytes > this.#limitBytes;
  }

  get #bytes(): number {
    return this.#warm.size * EMPTY_BYTES + this.#retainedBytes;
  }

  /** Disposing of an isolate takes milliseconds, so it is not done while a caller waits for an answer. */
  #releaseExcess(): void {
    while (this.#isOverLimit && this.#releaseOldest());
  }

  /** @returns false if no isolate is idle */
  #releaseOldest(): boolean {
    let oldest: [string, WarmIsolate] | undefined;
    for (const entry of this.#warm) {
      if (entry[1].isFree && !(oldest && oldest[1].lastUsedAt <= entry[1].lastUsedAt)) oldest = entry;
    }
    if (oldest) this.#release(oldest[0]);
    return oldest !== undefined;
  }

  #releaseWhere(shouldRelease: (warm: WarmIsolate) => boolean): void {
    for (const [integrationId, warm] of this.#warm)
      if (warm.isFree && shouldRelease(warm)) this.#release(integrationId);
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
