/**
 * One run on one isolate: its timers, its open requests, its limits, and the one outcome. Every
 * fault is read off our own clocks, counters and the isolate's state.
 */
import { nestsDeeper } from '../nesting.ts';
import type { Capability, Limits, LogLevel, Outcome, Spent, ThreadsFault } from '../protocol.ts';
import type { GuestIsolate, RunCallbacks } from './guest-isolate.ts';
import { isJson, notPlain, piecesOf, textOf } from './guest-text.ts';
import { RunClock } from './run-clock.ts';

/** Faults of an answer, not of the isolate: it came to rest by itself. */
const cameToRest: ReadonlySet<ThreadsFault> = new Set([
  'object_not_found',
  'invalid_function',
  'invalid_extension_response',
  'response_size_exceeded',
]);

/** After an entry of this length others have waited long enough for what they were told before it. */
const SLOW_ENTRY_MS = 2;

/** Where a run's requests and log lines go. */
export interface RunPort {
  ask(askId: number, capability: Capability, request: string): void;
  log(level: LogLevel, text: string): void;
  /** Its code is about to be entered: because a timer has come due, or for the job or a reply. */
  entering(isTimer: boolean): void;
  /** The run has come to rest without an end, having had so many replies. */
  resting(replies: number, isTimer: boolean): void;
  /** Sends at once what has been told. */
  flush(): void;
}

export interface RunCall {
  readonly section: string;
  readonly name: string;
  readonly argument: string;
}

interface GuestAnswer {
  readonly kind: string;
  readonly text: string;
  readonly code: string;
  readonly stack: string;
}

/** An outcome that is a thread's to tell. */
export type RunEnd =
  | Exclude<Outcome, { status: 'faulted' }>
  | {
      readonly status: 'faulted';
      readonly fault: ThreadsFault;
      readonly message: string;
      readonly spent: Spent;
    };

export class Run implements RunCallbacks {
  readonly #isolate: GuestIsolate;
  readonly #limits: Limits;
  readonly #port: RunPort;
  readonly #done: (outcome: RunEnd) => void;
  readonly #clock: RunClock;
  /** Set when the run waits for something for the first time: until then, the time of its entries is bounded. */
  #deadline: NodeJS.Timeout | undefined;
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #asks = new Set<number>();
  /** What the guest said; counts only once the isolate has come to rest within its limits. */
  #answer: GuestAnswer | undefined;
  #provisional: GuestAnswer | undefined;
  #replies = 0;
  #ended = false;
  #heapPeakBytes = 0;
  #logLines = 0;
  #logBytes = 0;
  #linesDropped = 0;

  constructor(isolate: GuestIsolate, limits: Limits, port: RunPort, done: (outcome: RunEnd) => void) {
    this.#isolate = isolate;
    this.#limits = limits;
    this.#clock = new RunClock(limits);
    this.#port = port;
    this.#done = done;
    isolate.host = this;
  }

  /** Whether the isolate can serve another run. */
  get leftNothingBehind(): boolean {
    return this.#timers.size === 0 && this.#asks.size === 0 && !this.#isolate.isDisposed;
  }

  start(call: RunCall | undefined): void {
    if (!this.#isolate.isLoaded) this.#load();
    const { resultDepth, errorChars } = this.#limits;
    if (call) {
      const { section, name, argument } = call;
      this.#enter('start', [section, name, resultDepth, errorChars, ...piecesOf(argument)]);
    } else {
      this.#enter('inspect', []);
    }
  }

  #load(): void {
    this.#port.entering(false);
    const timeoutMs = this.#clock.enter();
    try {
      this.#isolate.load(timeoutMs);
      this.#clock.leave();
    } catch (error) {
      if (this.#isOver(this.#clock.leave() >= timeoutMs)) return;
      // Compiling and linking happen on our side of the wall; their messages quote the code alone.
      const message = error instanceof Error ? error.message : 'it does not load';
      return this.#fault('bundle_failed', message);
    }
    if (this.#answer) this.#finish();
  }

  /** @param spentMs CPU time of the runtime for this run so far */
  settle(askId: number, reply: string, spentMs = 0): void {
    this.#replies++;
    this.#clock.outsideMs = spentMs;
    if (this.#clock.isCpuTimeOver) return this.#fault('cpu_limit_exceeded');
    if (this.#asks.delete(askId)) this.#enter('settle', [askId, ...piecesOf(reply)]);
    else this.#rest(false);
  }

  cancel(): void {
    this.#fault('cancelled');
  }

  // --- callbacks from the guest, which is running now: note, and return ---------------------------

  answer(kind: string, text: string, code: string, stack: string): void {
    if (kind === 'provisional') this.#provisional ??= { kind: 'result', text, code, stack };
    else this.#answer ??= { kind, text, code, stack };
  }

  log(level: string, text: string): void {
    if (this.#ended) return;
    const bytes = Buffer.byteLength(text);
    if (this.#logLines >= this.#limits.logLines || this.#logBytes + bytes > this.#limits.logBytes) {
      this.#linesDropped++;
      return;
    }
    this.#logLines++;
    this.#logBytes += bytes;
    const known = level === 'debug' || level === 'warn' || level === 'error' ? level : 'info';
    this.#port.log(known, text);
  }

  setTimer(id: number, delayMs: number, repeat: boolean): boolean {
    if (this.#ended || this.#timers.size >= this.#limits.timers || this.#timers.has(id)) return false;
    const fire = (): void => {
      if (!repeat) this.#timers.delete(id);
      this.#enter('fire', [id], true);
    };
    this.#timers.set(id, repeat ? setInterval(fire, delayMs) : setTimeout(fire, delayMs));
    return true;
  }

  clearTimer(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  ask(id: number, capability: string, request: string): boolean {
    if (this.#ended || this.#asks.size >= this.#limits.pendingAsks || request.length > this.#limits.askChars) {
      return false;
    }
    if ((capability !== 'fetch' && capability !== 'progress') || this.#asks.has(id)) return false;
    this.#asks.add(id);
    this.#port.ask(id, capability, request);
    return true;
  }

  // ------------------------------------------------------------------------------------------------

  #enter(name: 'start' | 'inspect' | 'fire' | 'settle', args: (string | number)[], isTimer = false): void {
    if (this.#ended) return;
    this.#port.entering(isTimer);
    const timeoutMs = this.#clock.enter();
    let thrown: { readonly error: unknown } | undefined;
    try {
      this.#take(this.#isolate.enter(name, args, timeoutMs));
    } catch (error) {
      thrown = { error };
    }
    const tookMs = this.#clock.leave();
    // Between entries: what a single entry takes and gives back is not seen.
    this.#heapPeakBytes = Math.max(this.#heapPeakBytes, this.#isolate.heapBytes);
    if (this.#isOver(thrown !== undefined && tookMs >= timeoutMs)) return this.#port.flush();
    // The harness throws nothing: it is a rejected promise that nobody looked at, copied to our side.
    if (thrown) this.log('warn', `a promise was rejected, and nobody looked at it: ${textOf(thrown.error)}`);
    if (thrown && !this.#answer) this.#takeResult();
    if (this.#answer) this.#finish();
    else if (this.#timers.size === 0 && this.#asks.size === 0) this.#finishWithoutAnswer();
    else this.#rest(isTimer);
    if (tookMs > SLOW_ENTRY_MS) this.#port.flush();
  }

  /** What was thrown has taken the place of the result. No code but the harness's runs for it. */
  #takeResult(): void {
    try {
      this.#take(this.#isolate.enter('started', [], this.#clock.enter()));
    } catch {
      // Then there is none.
    }
    this.#clock.leave();
  }

  #take(result: unknown): void {
    if (typeof result === 'string') this.answer('result', result, '', '');
  }

  #rest(isTimer: boolean): void {
    this.#deadline ??= setTimeout(() => this.#fault('run_timeout'), this.#clock.timeLeftMs);
    this.#port.resting(this.#replies, isTimer);
  }

  /** Ends the run if it is out of memory or of time. */
  #isOver(wasCutOff: boolean): boolean {
    if (this.#isolate.isDisposed) this.#fault('memory_limit_exceeded');
    else if (this.#clock.timeLeftMs <= 0) this.#fault('run_timeout');
    else if (wasCutOff && this.#clock.stoodStill) this.#fault('overloaded');
    else if (wasCutOff || this.#clock.isCpuTimeOver) this.#fault('cpu_limit_exceeded');
    return this.#ended;
  }

  #finishWithoutAnswer(): void {
    this.#answer = this.#provisional;
    if (this.#answer) this.#finish();
    else this.#fault('never_answered');
  }

  #finish(): void {
    if (!this.#answer) return;
    const { kind, text, code, stack } = this.#answer;
    if (kind === 'error') {
      const chars = this.#limits.errorChars;
      this.#end({
        status: 'failed',
        code: code.slice(0, chars / 10) || 'Error',
        message: text.slice(0, chars),
        stack: stack.slice(0, chars * 2),
        spent: this.#spent(),
      });
    } else if (kind === 'result') {
      const { resultBytes, resultDepth } = this.#limits;
      if (text.length > resultBytes || Buffer.byteLength(text) > resultBytes) {
        this.#fault('response_size_exceeded');
      } else if (nestsDeeper(text, resultDepth) || !isJson(text)) {
        this.#fault('invalid_extension_response', notPlain(''));
      } else {
        this.#end({ status: 'answered', result: text, spent: this.#spent() });
      }
    } else if (kind === 'bundle_failed') {
      this.#fault(kind, text);
    } else if (kind === 'object_not_found' || kind === 'invalid_function') {
      this.#fault(kind);
    } else {
      this.#fault('invalid_extension_response', notPlain(text));
    }
  }

  #fault(fault: ThreadsFault, message = ''): void {
    const shown = message.slice(0, this.#limits.errorChars);
    this.#end({ status: 'faulted', fault, message: shown, spent: this.#spent() });
  }

  #spent(): Spent {
    const { wallMs, cpuMs } = this.#clock;
    return { wallMs, cpuMs, heapBytes: this.#heapPeakBytes };
  }

  #end(outcome: RunEnd): void {
    if (this.#ended) return;
    if (this.#linesDropped > 0) {
      this.#port.log('warn', `${this.#linesDropped} more log lines are over the run's limit and were dropped`);
    }
    this.#ended = true;
    clearTimeout(this.#deadline);
    const leftNothing = this.leftNothingBehind;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#isolate.host = undefined;
    // An isolate that was stopped, or was left with work in it, serves nobody again.
    if ((outcome.status === 'faulted' && !cameToRest.has(outcome.fault)) || !leftNothing) this.#isolate.dispose();
    this.#done(outcome);
  }
}
