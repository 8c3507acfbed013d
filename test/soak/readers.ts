/** Readers of `/events` that come and go. Ids count up, so each notices what it has not got. */
import { TOKEN } from '../bench/rig.ts';
import { followEvents, type ServerEvent } from '../support/events.ts';
import { pause } from './pace.ts';
import type { Tally } from './tally.ts';

const STAYS_MS = 15_000;
/** The server retains 4,096 events, which are seconds of this load. */
const AWAY_MS = 500;

/** Runs whose reply has come and whose `run.ended` has not, or the other way round. */
export class RunEnds {
  readonly #open = new Set<string>();

  note(runId: string): void {
    if (!this.#open.delete(runId)) this.#open.add(runId);
  }

  get size(): number {
    return this.#open.size;
  }
}

export class Reader {
  readonly #url: string;
  readonly #tally: Tally;
  readonly #onEvent: (event: ServerEvent) => void;
  #lastEventId: string | undefined;
  received = 0;
  visits = 0;

  constructor(url: string, tally: Tally, onEvent: (event: ServerEvent) => void = () => {}) {
    this.#url = url;
    this.#tally = tally;
    this.#onEvent = onEvent;
  }

  /** @param onOpen it gets what happens from now on */
  async follow(signal: AbortSignal, onOpen: () => void): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#visit(signal, onOpen);
      } catch (error) {
        this.#tally.note(`events: ${(error as NodeJS.ErrnoException).code ?? error}`);
      }
      await pause(Math.random() * AWAY_MS, signal);
    }
  }

  async #visit(signal: AbortSignal, onOpen: () => void): Promise<void> {
    const events = await followEvents(this.#url, TOKEN, {
      lastEventId: this.#lastEventId,
      onEvent: (event) => this.#take(event),
    });
    const { status } = events.response;
    if (status !== 200) this.#tally.note(`events: ${status}`);
    this.visits++;
    onOpen();
    const cut = events.ended.then(() => 'cut');
    if ((await Promise.race([pause(Math.random() * STAYS_MS, signal), cut])) === 'cut') this.#tally.note('events: cut');
    events.leave();
    await events.ended;
  }

  #take(event: ServerEvent): void {
    if (event.name === 'reset') this.#tally.lose('events: reset');
    else if (this.#lastEventId !== undefined) {
      const missing = numberOf(event.id) - numberOf(this.#lastEventId) - 1;
      if (missing > 0) this.#tally.lose('events: gap', missing);
      if (missing < 0) this.#tally.note('events: again');
    }
    this.#lastEventId = event.id;
    this.received++;
    this.#onEvent(event);
  }
}

const numberOf = (id: string): number => Number(id.split('-')[1]);
