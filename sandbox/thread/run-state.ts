/**
 * Tells the runtime whose code this thread is running. Code may never return, or take the process down. So
 * everything about earlier runs is sent before the thread enters it.
 */
import type { FrameChannel } from '../frame.ts';
import type { FromThread } from '../protocol.ts';

/**
 * After a timer, `waiting` is sent only when another run enters, or after this delay. So a run with a
 * thousand timers does not send a thousand messages.
 */
const WAITING_DELAY_MS = 5;

interface DelayedWaiting {
  readonly runId: string;
  readonly replies: number;
}

export class RunState {
  readonly #channel: FrameChannel<FromThread>;
  /** The run last announced as `running`, until the runtime knows that it waits or has ended. */
  #timerRun: string | undefined;
  #delayed: DelayedWaiting | undefined;
  #delay: NodeJS.Timeout | undefined;

  constructor(channel: FrameChannel<FromThread>) {
    this.#channel = channel;
  }

  /**
   * Called before a run's code is entered. Only timers are announced: the runtime knows the order of the
   * jobs and replies it sent.
   */
  enter(runId: string, isTimer: boolean): void {
    if (this.#delayed && this.#delayed.runId !== runId) this.#sendWaiting();
    this.#delayed = undefined;
    if (isTimer && this.#timerRun !== runId) {
      this.#timerRun = runId;
      this.#channel.send({ type: 'running', runId });
    }
    this.#channel.flush();
  }

  /**
   * The run is waiting for something.
   *
   * @param replies how many it has had
   */
  wait(runId: string, replies: number, isTimer: boolean): void {
    this.#delayed = { runId, replies };
    if (!isTimer) return this.#sendWaiting();
    this.#delay ??= setTimeout(() => {
      this.#delay = undefined;
      if (this.#delayed) this.#sendWaiting();
    }, WAITING_DELAY_MS);
  }

  /** The run has ended. The message with its outcome tells the runtime so. */
  end(runId: string): void {
    if (this.#timerRun === runId) this.#timerRun = undefined;
    if (this.#delayed?.runId === runId) this.#delayed = undefined;
  }

  #sendWaiting(): void {
    const { runId, replies } = this.#delayed as DelayedWaiting;
    this.#delayed = undefined;
    if (this.#timerRun === runId) this.#timerRun = undefined;
    this.#channel.send({ type: 'waiting', runId, replies });
  }
}
