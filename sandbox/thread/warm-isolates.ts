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
/** What runs have left behind is looked at this much later, not while somebody waits for an answer; */
const LOOK_AFTER_MS = 100;
/** of so many isolates at a time, which takes a tenth of a millisecond, */
const LOOK_AT_ONCE = 5;
/** and of the next ones this much later. */
const LOOK_ON_AFTER_MS = 5;

interface Warm {
  readonly isolate: GuestIsolate;
  /** No run has it. */
  isFree: boolean;
  usableUntil: number;
  /** As it was when it was looked at last. */
  keptBytes: number;
  /** It has run since then, and waits to be looked at. */
  hasRun: boolean;
}

export class WarmIsolates {
  /** Those that a run has, too: one for each integration. */
  readonly #warm = new Map<string, Warm>();
  readonly #count: number;
  readonly #ageMs: number;
  readonly #onKept: (bytes: number) => void;
  readonly #spare = new SpareIsolate(() => this.#tell());
  #keptBytes = 0;
  #toldBytes = 0;
  /** Integrations whose isolates have run, the first one first; they may be gone. */
  readonly #used: string[] = [];
  #look: NodeJS.Timeout | undefined;

  /** @param onKept is told what they have in memory, all together */
  constructor(count: number, ageMs: number, onKept: (bytes: number) => void) {
    this.#count = count;
    this.#ageMs = ageMs;
    this.#onKept = onKept;
  }

  /** The integration's own isolate if it is free and has the right code, otherwise one that nobody has had. */
  take(integrationId: string, bundle: Bundle, memoryMb: number): GuestIsolate {
    const found = this.#warm.get(integrationId);
    if (found?.isFree) {
      const { isolate, usableUntil } = found;
      const isRight = isolate.bundle?.digest === bundle.digest && isolate.memoryMb === memoryMb;
      if (isRight && usableUntil > performance.now()) {
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
    const usableUntil = performance.now() + this.#ageMs;
    if (present?.isolate === isolate) {
      present.isFree = true;
      present.usableUntil = usableUntil;
      this.#lookAtLater(integrationId, present);
    } else {
      // Two runs of an integration had one each. Who has the other one disposes of it by giving it back.
      if (present?.isFree) present.isolate.dispose();
      this.#forget(integrationId);
      const warm = { isolate, isFree: true, usableUntil, keptBytes: 0, hasRun: false };
      this.#warm.set(integrationId, warm);
      this.#lookAtLater(integrationId, warm);
    }
    if (this.#warm.size > this.#count) setImmediate(() => this.#letGoTooMany());
  }

  /** Disposes of what has not been used for too long. */
  sweep(): void {
    const now = performance.now();
    this.#letGoWhere(({ usableUntil }) => usableUntil <= now);
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

  #lookAtLater(integrationId: string, warm: Warm): void {
    if (warm.hasRun) return;
    warm.hasRun = true;
    this.#used.push(integrationId);
    this.#look ??= setTimeout(() => this.#lookAtUsed(), LOOK_AFTER_MS);
  }

  #lookAtUsed(): void {
    for (const integrationId of this.#used.splice(0, LOOK_AT_ONCE)) {
      const warm = this.#warm.get(integrationId);
      if (!warm?.hasRun) continue;
      // One that a run has is given back, and looked at then.
      warm.hasRun = false;
      if (!warm.isFree) continue;
      this.#keptBytes -= warm.keptBytes;
      warm.keptBytes = warm.isolate.keptBytes;
      this.#keptBytes += warm.keptBytes;
    }
    while (this.#keptBytes > KEPT_BYTES && this.#letGoOldest());
    this.#tell();
    this.#look = this.#used.length > 0 ? setTimeout(() => this.#lookAtUsed(), LOOK_ON_AFTER_MS) : undefined;
  }

  /** To dispose of an isolate takes milliseconds: not while somebody waits for an answer. */
  #letGoTooMany(): void {
    if (this.#warm.size > this.#count) this.#letGoOldest();
  }

  /** @returns false if none is free */
  #letGoOldest(): boolean {
    let oldest: [string, Warm] | undefined;
    for (const entry of this.#warm) {
      if (entry[1].isFree && !(oldest && oldest[1].usableUntil <= entry[1].usableUntil)) oldest = entry;
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
