/** Isolates that wait for their integration's next run; the longest unused goes first. */
import type { Bundle } from '../protocol.ts';
import { GuestIsolate } from './guest-isolate.ts';

interface Warm {
  readonly isolate: GuestIsolate;
  readonly usableUntil: number;
}

export class WarmIsolates {
  readonly #warm = new Map<string, Warm>();
  readonly #count: number;
  readonly #ageMs: number;

  constructor(count: number, ageMs: number) {
    this.#count = count;
    this.#ageMs = ageMs;
  }

  /** The integration's own isolate if it is free and has the right code, otherwise a new one. */
  take(integrationId: string, bundle: Bundle, memoryMb: number): GuestIsolate {
    const found = this.#warm.get(integrationId);
    if (found) {
      this.#warm.delete(integrationId);
      const { isolate, usableUntil } = found;
      if (isolate.bundle.digest === bundle.digest && isolate.memoryMb === memoryMb && usableUntil > performance.now()) {
        return isolate;
      }
      isolate.dispose();
    }
    return new GuestIsolate(bundle, memoryMb);
  }

  give(integrationId: string, isolate: GuestIsolate): void {
    if (isolate.isDisposed) return;
    this.#warm.get(integrationId)?.isolate.dispose();
    this.#warm.delete(integrationId);
    this.#warm.set(integrationId, { isolate, usableUntil: performance.now() + this.#ageMs });
    if (this.#warm.size > this.#count) setImmediate(() => this.#letGoOldest());
  }

  /** To dispose of an isolate takes milliseconds: not while somebody waits for an answer. */
  #letGoOldest(): void {
    const [oldest] = this.#warm;
    if (!oldest || this.#warm.size <= this.#count) return;
    const [integrationId, { isolate }] = oldest;
    this.#warm.delete(integrationId);
    isolate.dispose();
  }

  /** Disposes of what has not been used for too long. */
  sweep(): void {
    const now = performance.now();
    for (const [integrationId, { isolate, usableUntil }] of this.#warm) {
      // The rest were used later.
      if (usableUntil > now) return;
      this.#warm.delete(integrationId);
      isolate.dispose();
    }
  }

  /** Disposes of what runs another code than is wanted now. */
  drop(digest: string): void {
    for (const [integrationId, { isolate }] of this.#warm) {
      if (isolate.bundle.digest !== digest) continue;
      this.#warm.delete(integrationId);
      isolate.dispose();
    }
  }
}
