/**
 * A run in a compartment, seen from outside: who waits for its outcome, and what its thread may say of
 * it. A thread keeps to the limits of its runs; one that does not has been broken into.
 */
import { type Ask, type Fault, type Job, nothingSpent, type Outcome, type Spent } from '../protocol.ts';
import type { CompartmentThread, RunMessage } from './compartment-thread.ts';

const MB = 1024 * 1024;
/** A thread says in a line of its own how many lines were too many. */
const LOG_SLACK_LINES = 1;
const LOG_SLACK_BYTES = 200;
/** Two clocks, and a counter that is read now and then. */
const SPENT_SLACK_MS = 1_000;

type End = Extract<RunMessage, { type: 'answered' | 'failed' | 'faulted' }>;

export class RunInside {
  readonly job: Job;
  readonly ask: Ask;
  readonly thread: CompartmentThread;
  /** When its time began. */
  startedAt = performance.now();
  deadline: NodeJS.Timeout | undefined;
  /** Requests that are open, and their characters. */
  asksOpen = 0;
  askChars = 0;
  /** Its caller has been told; the thread may not be done with it. */
  isSettled = false;
  readonly #settle: (outcome: Outcome) => void;
  readonly #onCancel: () => void;
  /** Made with the first request; aborted when the run ends, for what it asked and did not wait for. */
  #ended: AbortController | undefined;
  #logLines = 0;
  #logBytes = 0;

  constructor(job: Job, ask: Ask, thread: CompartmentThread, settle: (outcome: Outcome) => void, onCancel: () => void) {
    this.job = job;
    this.ask = ask;
    this.thread = thread;
    this.#settle = settle;
    this.#onCancel = onCancel;
    job.signal?.addEventListener('abort', onCancel, { once: true });
  }

  /** What it may make of resident memory: its heap, and its argument on the way in, in several copies. */
  get promisedBytes(): number {
    const { limits, call } = this.job;
    return limits.memoryMb * MB * 1.5 + lengthOf(call?.argument ?? '') * 8;
  }

  /** Given up when the run ends. */
  get signal(): AbortSignal {
    this.#ended ??= new AbortController();
    return this.#ended.signal;
  }

  settle(outcome: Outcome): void {
    this.isSettled = true;
    clearTimeout(this.deadline);
    this.job.signal?.removeEventListener('abort', this.#onCancel);
    this.#ended?.abort();
    this.#settle(outcome);
  }

  /** Counts a line. */
  mayLog(text: string): boolean {
    const { logLines, logBytes } = this.job.limits;
    this.#logLines++;
    this.#logBytes += Buffer.byteLength(text);
    return this.#logLines <= logLines + LOG_SLACK_LINES && this.#logBytes <= logBytes + LOG_SLACK_BYTES;
  }

  mayAsk(request: string): boolean {
    const { pendingAsks, askChars } = this.job.limits;
    return this.asksOpen < pendingAsks && request.length <= askChars;
  }

  /** What the thread says the run came to, if that is within the run's limits. */
  outcomeOf(message: End, body: string): Outcome | undefined {
    const { resultBytes, errorChars } = this.job.limits;
    const spent = this.#plausible(message.spent);
    switch (message.type) {
      case 'answered':
        return body.length <= resultBytes ? { status: 'answered', result: body, spent } : undefined;
      case 'failed': {
        const { code, stack } = message;
        const fits = code.length <= errorChars / 10 && body.length <= errorChars && stack.length <= 2 * errorChars;
        return fits ? { status: 'failed', code, message: body, stack, spent } : undefined;
      }
      case 'faulted':
        return body.length <= errorChars
          ? { status: 'faulted', fault: message.fault, message: body, spent }
          : undefined;
    }
  }

  /** Its part of what was spent since it came in. */
  #plausible({ wallMs, cpuMs, heapBytes }: Spent): Spent {
    const mostMs = performance.now() - this.startedAt + SPENT_SLACK_MS;
    return {
      wallMs: Math.min(wallMs, mostMs),
      cpuMs: Math.min(cpuMs, mostMs),
      heapBytes: Math.min(heapBytes, 2 * this.promisedBytes),
    };
  }
}

function lengthOf(argument: string | readonly Buffer[]): number {
  return typeof argument === 'string' ? argument.length : argument.reduce((sum, piece) => sum + piece.length, 0);
}

/** An outcome that is ours to tell. */
export function fault(reason: Fault, spent: Spent = nothingSpent, message = ''): Outcome {
  return { status: 'faulted', fault: reason, message, spent };
}
