/**
 * Whose code this thread runs, as the runtime has been told. Code that is entered may never come out
 * again, or take the process down with it: who was before it has been told by then, whatever comes.
 */
import type { FrameChannel } from '../frame.ts';
import type { FromThread } from '../protocol.ts';

/**
 * A run whose timer has run is said to rest when another's code comes, or when none has come for this
 * long: one that has a thousand timers is not announced a thousand times.
 */
const LINGER_MS = 5;

interface Lingering {
  readonly runId: string;
  readonly replies: number;
}

export class RunState {
  readonly #channel: FrameChannel<FromThread>;
  /** Whose timers the runtime was told of last, as long as it takes that run for the one that runs. */
  #timed: string | undefined;
  #lingering: Lingering | undefined;
  #restAt: NodeJS.Timeout | undefined;

  constructor(channel: FrameChannel<FromThread>) {
    this.#channel = channel;
  }

  /**
   * Before code of a run is entered: for a job or a reply, which the runtime knows to come in the order
   * in which it sent them, or for a timer, of which it knows nothing.
   */
  enter(runId: string, isTimer: boolean): void {
    if (this.#lingering && this.#lingering.runId !== runId) this.#sendWaiting();
    this.#lingering = undefined;
    if (isTimer && this.#timed !== runId) {
      this.#timed = runId;
      this.#channel.send({ type: 'running', runId });
    }
    this.#channel.flush();
  }

  /** The run waits for something, having had so many replies. */
  rest(runId: string, replies: number, isTimer: boolean): void {
    this.#lingering = { runId, replies };
    if (!isTimer) return this.#sendWaiting();
    this.#restAt ??= setTimeout(() => {
      this.#restAt = undefined;
      if (this.#lingering) this.#sendWaiting();
    }, LINGER_MS);
  }

  /** The run has an end; what that is tells the runtime that it does not run any more. */
  ended(runId: string): void {
    if (this.#timed === runId) this.#timed = undefined;
    if (this.#lingering?.runId === runId) this.#lingering = undefined;
  }

  #sendWaiting(): void {
    const { runId, replies } = this.#lingering as Lingering;
    this.#lingering = undefined;
    if (this.#timed === runId) this.#timed = undefined;
    this.#channel.send({ type: 'waiting', runId, replies });
  }
}
