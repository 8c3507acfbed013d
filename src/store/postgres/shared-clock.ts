/** A clock that all nodes agree on, so that records of different nodes sort by time. */

/** Smaller offsets are ignored, so that the time does not jump with every reading. */
const TOLERANCE_MS = 20;

export class SharedClock {
  #offsetMs = 0;

  /** Adjusts to a reading of the database's clock, made at some time between question and answer. */
  set(time: number, askedAt: number, answeredAt: number): void {
    const offsetMs = Math.round(time - (askedAt + answeredAt) / 2);
    const uncertaintyMs = Math.abs(answeredAt - askedAt) / 2;
    if (Math.abs(offsetMs - this.#offsetMs) > TOLERANCE_MS + uncertaintyMs) this.#offsetMs = offsetMs;
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }
}
