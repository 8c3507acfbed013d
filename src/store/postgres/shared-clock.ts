/** The time that all nodes agree on: what one stores is sorted among what the others store. */

/** An offset this small is left alone, so that time does not jump with every reading. */
const TOLERANCE_MS = 20;

export class SharedClock {
  #offsetMs = 0;

  /** Takes a reading of the database's clock, which was made at some time between asking and answer. */
  set(time: number, askedAt: number, answeredAt: number): void {
    const offsetMs = Math.round(time - (askedAt + answeredAt) / 2);
    const uncertaintyMs = Math.abs(answeredAt - askedAt) / 2;
    if (Math.abs(offsetMs - this.#offsetMs) > TOLERANCE_MS + uncertaintyMs) this.#offsetMs = offsetMs;
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }
}
