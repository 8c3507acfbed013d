/** Isolates that wait for their integration's next run; the longest unused goes first. */
import type { Bundle } from '../protocol.ts';
import type { GuestIsolate } from './guest-isolate.ts';
import { SpareIsolate } from './spare-isolate.ts';

const MB = 1024 * 1024;
/** What all of them may keep in memory together, over and above what an empty one takes. */
const KEPT_BYTES = 256 * MB;
const EMPTY_BYTES = 4 * MB;
/** The runtime is told when it has changed by so much. */
const TOLD_STEP_BYTES = 4 * MB;
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
  keptBytes: number;
}

export class WarmIsolates {
  /** Those that a run has, too: one for each integration. */
  readonly #warm = new Map<string, Warm>();
  readonly #most: number;
  readonly #ageMs: number;
  readonly #onKept: (bytes: number) => void;
  readonly #spare = new SpareIsolate(() => this.#tell());
  #keptBytes = 0;
  #toldBytes = 0;
  /** Integrations whose isolates are to be looked at, in this order; they may be gone. */
  readonly #toLookAt = new Set<string>();
  #look: NodeJS.Timeout | undefined;

  /**
   * @param ageMs one that has not run for so long is not used again
   * @param onKept is told what they have in memory, all together
   */
  constructor(most: number, ageMs: number, onKept: (bytes: number) => void) {
    this.#most = most;
    this.#ageMs = ageMs;
    this.#onKept = onKept;
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
      this.#letGo(integrationId);
    }
    const isolate = this.#spare.take(memoryMb);
    isolate.bundle = bundle;
    return isolate;
  }

  /** Keeps one ready for an integration that has none yet. */
  keepSpare(memoryMb: number): void {
    this.#spare.want(memoryMb);
  }

  /** The thread has done something. */
  noteWork(): void {
    this.#spare.noteWork();
  }

  give(integrationId: string, isolate: GuestIsolate): void {
    const present = this.#warm.get(integrationId);
    if (isolate.isDisposed) {
      if (present?.isolate === isolate) this.#letGo(integrationId);
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
      warm = { isolate, isFree: true, ranAt, keptBytes: 0 };
      this.#warm.set(integrationId, warm);
    }
    this.#count(warm);
    this.#toLookAt.add(integrationId);
    this.#look ??= setTimeout(() => this.#lookAround(), LOOK_AFTER_MS);
    if (this.#areTooMany) setImmediate(() => this.#letGoTooMany());
  }

  /** Disposes of what has not been used for too long. */
  sweep(): void {
    const now = performance.now();
    this.#letGoWhere(({ ranAt }) => ranAt + this.#ageMs <= now);
    this.#tell();
  }

  /** Disposes of what runs another code than is wanted now. */
  drop(digest: string): void {
    this.#letGoWhere(({ isolate }) => isolate.bundle?.digest === digest);
  }

  /** Disposes of all that no run has, and of the spare one. */
  letGoAll(): void {
    this.#letGoWhere(() => true);
    this.#spare.letGo();
    this.#tell();
  }

  #tell(): void {
    const bytes = (this.#warm.size + Number(this.#spare.isThere)) * EMPTY_BYTES + this.#keptBytes;
    if (Math.abs(bytes - this.#toldBytes) < TOLD_STEP_BYTES) return;
    this.#toldBytes = bytes;
    this.#onKept(bytes);
  }

  /** What was read of it last: after the first of its runs, and now and then after others. */
  #count(warm: Warm): void {
    const { keptBytes } = warm.isolate;
    if (keptBytes === warm.keptBytes) return;
    this.#keptBytes += keptBytes - warm.keptBytes;
    warm.keptBytes = keptBytes;
    this.#tell();
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
    this.#letGoTooMany();
    this.#tell();
    this.#look = this.#toLookAt.size > 0 ? setTimeout(() => this.#lookAround(), LOOK_ON_AFTER_MS) : undefined;
  }

  get #areTooMany(): boolean {
    return this.#warm.size > this.#most || this.#keptBytes > KEPT_BYTES;
  }

  /** To dispose of an isolate takes milliseconds: not while somebody waits for an answer. */
  #letGoTooMany(): void {
    while (this.#areTooMany && this.#letGoOldest());
  }

  /** @returns false if none is free */
  #letGoOldest(): boolean {
    let oldest: [string, Warm] | undefined;
    for (const entry of this.#warm) {
      if (entry[1].isFree && !(oldest && oldest[1].ranAt <= entry[1].ranAt)) oldest = entry;
    }
    if (oldest) this.#letGo(oldest[0]);
    return oldest !== undefined;
  }

  #letGoWhere(isToGo: (warm: Warm) => boolean): void {
    for (const [integrationId, warm] of this.#warm) if (warm.isFree && isToGo(warm)) this.#letGo(integrationId);
  }

  #letGo(integrationId: string): void {
    this.#warm.get(integrationId)?.isolate.dispose();
    this.#forget(integrationId);
  }

  #forget(integrationId: string): void {
    this.#keptBytes -= this.#warm.get(integrationId)?.keptBytes ?? 0;
    this.#warm.delete(integrationId);
  }
}
