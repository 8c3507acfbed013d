/**
 * A run in a compartment, seen from the runtime's process. It checks what the thread says about the run:
 * our code in the thread keeps to the run's limits, so a thread that does not has been broken into.
 */
import { type Ask, type Fault, type Job, noUsage, type Outcome, type RunUsage } from '../protocol.ts';
import type { CompartmentThread, RunMessage } from './compartment-thread.ts';

const MB = 1024 * 1024;
/** The thread adds one line of its own that counts the dropped lines. */
const LOG_SLACK_LINES = 1;
const LOG_SLACK_BYTES = 200;
/** The thread has its own clock, and its CPU counter is read only now and then. */
const USAGE_SLACK_MS = 1_000;

type End = Extract<RunMessage, { type: 'answered' | 'failed' | 'faulted' }>;

export class CompartmentRun {
  readonly job: Job;
  readonly ask: Ask;
  readonly thread: CompartmentThread;
  /** When its time started to count. */
  startedAt = performance.now();
  deadline: NodeJS.Timeout | undefined;
  /** Requests that are not answered yet. */
  asksOpen = 0;
  /** Its caller has been answered. It may still be on its thread. */
  isSettled = false;
  readonly #settle: (outcome: Outcome) => void;
  readonly #onCancel: () => void;
  /** Made with the first request. Aborts requests that are still open when the run ends. */
  #abortController: AbortController | undefined;
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

  /** Resident memory it may take: its heap, and several copies of its argument on the way in. */
  get reservedBytes(): number {
    const { limits, call } = this.job;
    return limits.memoryMb * MB * 1.5 + lengthOf(call?.argument ?? '') * 8;
  }

  /** Aborted when the run ends. */
  get signal(): AbortSignal {
    this.#abortController ??= new AbortController();
    return this.#abortController.signal;
  }

  settle(outcome: Outcome): void {
    this.isSettled = true;
    clearTimeout(this.deadline);
    this.job.signal?.removeEventListener('abort', this.#onCancel);
    this.#abortController?.abort();
    this.#settle(outcome);
  }

  /** Counts the line. */
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

  /** The outcome that the thread reports; undefined if it exceeds the run's limits. */
  outcomeOf(message: End, body: string): Outcome | undefined {
    const { resultBytes, errorChars } = this.job.limits;
    const usage = this.#plausible(message.usage);
    switch (message.type) {
      case 'answered':
        return body.length <= resultBytes ? { status: 'answered', result: body, usage } : undefined;
      case 'failed': {
        const { code, stack } = message;
        const fits = code.length <= errorChars / 10 && body.length <= errorChars && stack.length <= 2 * errorChars;
        return fits ? { status: 'failed', code, message: body, stack, usage } : undefined;
      }
      case 'faulted':
        return body.length <= errorChars
          ? { status: 'faulted', fault: message.fault, message: body, usage }
          : undefined;
    }
  }

  /** Caps the reported usage at what is possible. */
  #plausible({ wallMs, cpuMs, heapBytes }: RunUsage): RunUsage {
    const maxMs = performance.now() - this.startedAt + USAGE_SLACK_MS;
    return {
      wallMs: Math.min(wallMs, maxMs),
      cpuMs: Math.min(cpuMs, maxMs),
      heapBytes: Math.min(heapBytes, 2 * this.reservedBytes),
    };
  }
}

function lengthOf(argument: string | readonly Buffer[]): number {
  return typeof argument === 'string' ? argument.length : argument.reduce((sum, piece) => sum + piece.length, 0);
}

export function fault(reason: Fault, usage: RunUsage = noUsage, message = ''): Outcome {
  return { status: 'faulted', fault: reason, message, usage };
}
