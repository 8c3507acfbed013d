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
/** What a run has left behind is looked at a little after it, not while somebody waits for its answer. */
const LOOK_AFTER_MS = 20;

interface Warm {
  readonly isolate: GuestIsolate;
  readonly usableUntil: number;
  /** As it was when it was looked at last. */
  keptBytes: number;
}

export class WarmIsolates {
  readonly #warm = new Map<string, Warm>();
  readonly #count: number;
  readonly #ageMs: number;
  readonly #onKept: (bytes: number) => void;
  readonly #spare = new SpareIsolate(() => this.#tell());
  #keptBytes = 0;
  #toldBytes = 0;
  /** Integrations whose isolates have run since they were looked at. */
  readonly #used = new Set<string>();
  #look: NodeJS.Timeout | undefined;

  /** @param onKept is told what they have in memory, all together */
  constructor(count: number, ageMs: number, onKept: (bytes: number) => void) {
    this.#count = count;
    this.#ageMs = ageMs;
    this.#onKept = onKept;
  }

  /** The integration's own isolate if it is free and has the right code, otherwise one that nobody has had. */
  take(integrationId: string, bundle: Bundle, memoryMb: number): GuestIsolate {
    const found = this.#remove(integrationId);
    if (found) {
      const { isolate, usableUntil } = found;
      if (
        isolate.bundle?.digest === bundle.digest &&
        isolate.memoryMb === memoryMb &&
        usableUntil > performance.now()
      ) {
        return isolate;
      }
      isolate.dispose();
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
    if (isolate.isDisposed) return;
    this.#remove(integrationId)?.isolate.dispose();
    this.#warm.set(integrationId, { isolate, usableUntil: performance.now() + this.#ageMs, keptBytes: 0 });
    this.#used.add(integrationId);
    this.#look ??= setTimeout(() => this.#lookAtUsed(), LOOK_AFTER_MS);
    if (this.#warm.size > this.#count) setImmediate(() => this.#letGoOldest());
  }

  /** Disposes of what has not been used for too long. */
  sweep(): void {
    const now = performance.now();
    for (const [integrationId, { usableUntil }] of this.#warm) {
      // The rest were used later.
      if (usableUntil > now) break;
      this.#letGo(integrationId);
    }
    this.#tell();
  }

  /** Disposes of what runs another code than is wanted now. */
  drop(digest: string): void {
    for (const [integrationId, { isolate }] of this.#warm) {
      if (isolate.bundle?.digest === digest) this.#letGo(integrationId);
    }
  }

  /** Disposes of all of them, and of the spare one. */
  letGoAll(): void {
    for (const integrationId of [...this.#warm.keys()]) this.#letGo(integrationId);
    this.#spare.letGo();
    this.#tell();
  }

  #tell(): void {
    const bytes = (this.#warm.size + Number(this.#spare.isThere)) * EMPTY_BYTES + this.#keptBytes;
    if (Math.abs(bytes - this.#toldBytes) < TOLD_STEP_BYTES) return;
    this.#toldBytes = bytes;
    this.#onKept(bytes);
  }

  #lookAtUsed(): void {
    this.#look = undefined;
    for (const integrationId of this.#used) {
      const warm = this.#warm.get(integrationId);
      if (!warm) continue;
      this.#keptBytes -= warm.keptBytes;
      warm.keptBytes = warm.isolate.keptBytes;
      this.#keptBytes += warm.keptBytes;
    }
    this.#used.clear();
    for (const integrationId of [...this.#warm.keys()]) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#letGo(integrationId);
    }
    this.#tell();
  }

  /** To dispose of an isolate takes milliseconds: not while somebody waits for an answer. */
  #letGoOldest(): void {
    const [oldest] = this.#warm.keys();
    if (oldest !== undefined && this.#warm.size > this.#count) this.#letGo(oldest);
  }

  #letGo(integrationId: string): void {
    this.#remove(integrationId)?.isolate.dispose();
  }

  #remove(integrationId: string): Warm | undefined {
    const found = this.#warm.get(integrationId);
    if (!found) return undefined;
    this.#warm.delete(integrationId);
    this.#keptBytes -= found.keptBytes;
    return found;
  }
}
