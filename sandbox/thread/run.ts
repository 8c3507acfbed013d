/**
 * One run on one isolate: its timers, its open requests, its limits and its outcome. Faults are decided
 * from our own clocks and counters and the isolate's state.
 */
import { type Capability, isCapability } from '../capabilities.ts';
import { nestsDeeper } from '../nesting.ts';
import type { CallTarget, Limits, LogLevel, Outcome, RunUsage, ThreadFault } from '../protocol.ts';
import type { GuestIsolate, RunCallbacks } from './guest-isolate.ts';
import { amount, errorText, isJson, NO_RUN, notPlainMessage, splitText, withPosition } from './guest-text.ts';
import { RunClock } from './run-clock.ts';

/** Faults of the answer only: the isolate finished by itself and can serve another run. */
const answerFaults: ReadonlySet<ThreadFault> = new Set([
  'object_not_found',
  'invalid_function',
  'invalid_extension_response',
  'response_size_exceeded',
]);

/** After an entry longer than this, queued messages are flushed: their receivers have waited long enough. */
const SLOW_ENTRY_MS = 2;

/** Where a run's requests and log lines go. */
export interface RunPort {
  ask(askId: number, capability: Capability, request: string): void;
  log(level: LogLevel, text: string): void;
  /** The run's code is about to be entered, because of a timer, or for the job or a reply. */
  onEnter(isTimer: boolean): void;
  /**
   * The run is waiting for timers or replies.
   *
   * @param replies how many it has had
   */
  onWait(replies: number, isTimer: boolean): void;
  /** Sends queued messages now. */
  flush(): void;
}

export type RunCall = CallTarget & { readonly argument: string };

interface GuestAnswer {
  readonly kind: string;
  readonly text: string;
  readonly code: string;
  readonly stack: string;
}

/** An outcome that a thread may report. */
export type ThreadOutcome =
  | Exclude<Outcome, { status: 'faulted' }>
  | {
      readonly status: 'faulted';
      readonly fault: ThreadFault;
      readonly message: string;
      readonly usage: RunUsage;
    };

export class Run implements RunCallbacks {
  readonly #isolate: GuestIsolate;
  readonly #limits: Limits;
  readonly #port: RunPort;
  readonly #onEnd: (outcome: ThreadOutcome) => void;
  readonly #clock: RunClock;
  /** Set when the run first waits. Until then, the timeouts of its entries suffice. */
  #deadline: NodeJS.Timeout | undefined;
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #asks = new Set<number>();
  /** What the guest answered. Counts only if the entry ends within the limits. */
  #answer: GuestAnswer | undefined;
  #provisional: GuestAnswer | undefined;
  #replies = 0;
  #hasEnded = false;
  #heapPeakBytes = 0;
  #logLines = 0;
  #logBytes = 0;
  #droppedLines = 0;

  constructor(isolate: GuestIsolate, limits: Limits, port: RunPort, onEnd: (outcome: ThreadOutcome) => void) {
    this.#isolate = isolate;
    this.#limits = limits;
    this.#clock = new RunClock(limits);
    this.#port = port;
    this.#onEnd = onEnd;
    isolate.host = this;
  }

  /** Whether the isolate can serve another run. */
  get isReusable(): boolean {
    return this.#timers.size === 0 && this.#asks.size === 0 && !this.#isolate.isDisposed;
  }

  start(call: RunCall | undefined): void {
    if (!this.#isolate.isLoaded) this.#load();
    const { resultDepth, errorChars } = this.#limits;
    if (call && 'engine' in call) {
      this.#enter('startEngine', [call.engine, resultDepth, errorChars, ...splitText(call.argument)]);
    } else if (call) {
      const { section, name, argument } = call;
      this.#enter('start', [section, name, resultDepth, errorChars, ...splitText(argument)]);
    } else {
      this.#enter('inspect', []);
    }
  }

  #load(): void {
    this.#port.onEnter(false);
    const timeoutMs = this.#clock.enter();
    try {
      this.#isolate.load(timeoutMs);
      this.#clock.leave();
    } catch (error) {
      if (this.#endIfOver(this.#clock.leave() >= timeoutMs)) return;
      // Compiling and linking happen on our side of the wall. Their messages quote only the code.
      const { message, stack } = error instanceof Error ? error : { message: 'the bundle does not load' };
      return this.#fault('bundle_failed', withPosition(message, stack, this.#isolate.bundle?.filename));
    }
    if (this.#answer) this.#finish();
  }

  /** @param runtimeCpuMs the runtime's CPU time for this run so far */
  settle(askId: number, reply: string, runtimeCpuMs = 0): void {
    this.#replies++;
    this.#clock.runtimeCpuMs = runtimeCpuMs;
    if (this.#clock.isCpuTimeOver) return this.#fault('cpu_limit_exceeded');
    if (this.#asks.delete(askId)) this.#enter('settle', [askId, ...splitText(reply)]);
    else this.#wait(false);
  }

  cancel(): void {
    this.#fault('cancelled');
  }

  // --- callbacks from the guest, which is running meanwhile: they only record ---------------------

  answer(kind: string, text: string, code: string, stack: string): void {
    if (kind === 'provisional') this.#provisional ??= { kind: 'result', text, code, stack };
    else this.#answer ??= { kind, text, code, stack };
  }

  log(level: string, text: string): void {
    if (this.#hasEnded) return;
    const bytes = Buffer.byteLength(text);
    if (this.#logLines >= this.#limits.logLines || this.#logBytes + bytes > this.#limits.logBytes) {
      this.#droppedLines++;
      return;
    }
    this.#logLines++;
    this.#logBytes += bytes;
    const logLevel = level === 'debug' || level === 'warn' || level === 'error' ? level : 'info';
    this.#port.log(logLevel, text);
  }

  setTimer(id: number, delayMs: number, repeat: boolean): string {
    const { timers } = this.#limits;
    if (this.#hasEnded || this.#timers.has(id)) return NO_RUN;
    if (this.#timers.size >= timers) return `too many timers: a run may have ${amount(timers)} set at once`;
    const fire = (): void => {
      if (!repeat) this.#timers.delete(id);
      this.#enter('fire', [id], true);
    };
    this.#timers.set(id, repeat ? setInterval(fire, delayMs) : setTimeout(fire, delayMs));
    return '';
  }

  clearTimer(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  ask(id: number, capability: string, request: string): string {
    const { pendingAsks, askChars } = this.#limits;
    if (this.#hasEnded || !isCapability(capability) || this.#asks.has(id)) return NO_RUN;
    if (this.#asks.size >= pendingAsks) return `too many requests: a run may have ${amount(pendingAsks)} open at once`;
    if (request.length > askChars) return `the request is too large: it may have ${amount(askChars)} characters`;
    this.#asks.add(id);
    this.#port.ask(id, capability, request);
    return '';
  }

  #enter(
    name: 'start' | 'startEngine' | 'inspect' | 'fire' | 'settle',
    args: (string | number)[],
    isTimer = false,
  ): void {
    if (this.#hasEnded) return;
    this.#port.onEnter(isTimer);
    const timeoutMs = this.#clock.enter();
    let thrown: { readonly error: unknown } | undefined;
    try {
      this.#acceptResult(this.#isolate.enter(name, args, timeoutMs));
    } catch (error) {
      thrown = { error };
    }
    const tookMs = this.#clock.leave();
    // Measured between entries, so memory freed within an entry is not seen.
    this.#heapPeakBytes = Math.max(this.#heapPeakBytes, this.#isolate.heapBytes);
    if (this.#endIfOver(thrown !== undefined && tookMs >= timeoutMs)) return this.#port.flush();
    // The harness throws nothing, so this is the copied reason of an unhandled rejection.
    if (thrown) this.log('warn', `unhandled promise rejection: ${errorText(thrown.error)}`);
    if (thrown && !this.#answer) this.#recoverResult();
    if (this.#answer) this.#finish();
    else if (this.#timers.size === 0 && this.#asks.size === 0) this.#finishWithoutAnswer();
    else this.#wait(isTimer);
    if (tookMs > SLOW_ENTRY_MS) this.#port.flush();
  }

  /** The exception has replaced the returned result, so ask for it again. Only harness code runs for that. */
  #recoverResult(): void {
    try {
      this.#acceptResult(this.#isolate.enter('finishStart', [], this.#clock.enter()));
    } catch {
      // There is no result.
    }
    this.#clock.leave();
  }

  #acceptResult(result: unknown): void {
    if (typeof result === 'string') this.answer('result', result, '', '');
  }

  #wait(isTimer: boolean): void {
    this.#deadline ??= setTimeout(() => this.#fault('run_timeout'), this.#clock.timeLeftMs);
    this.#port.onWait(this.#replies, isTimer);
  }

  /** Ends the run if it is out of memory or time. @returns whether it has ended */
  #endIfOver(wasCutOff: boolean): boolean {
    if (this.#isolate.isDisposed) this.#fault('memory_limit_exceeded');
    else if (this.#clock.timeLeftMs <= 0) this.#fault('run_timeout');
    else if (wasCutOff && this.#clock.wasStarved) this.#fault('overloaded');
    else if (wasCutOff || this.#clock.isCpuTimeOver) this.#fault('cpu_limit_exceeded');
    return this.#hasEnded;
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
        usage: this.#usage(),
      });
    } else if (kind === 'result') {
      const { resultBytes, resultDepth } = this.#limits;
      if (text.length > resultBytes || Buffer.byteLength(text) > resultBytes) {
        this.#fault('response_size_exceeded');
      } else if (nestsDeeper(text, resultDepth)) {
        this.#fault('invalid_extension_response', notPlainMessage(`nested deeper than ${amount(resultDepth)} levels`));
      } else if (!isJson(text)) {
        this.#fault('invalid_extension_response', notPlainMessage(''));
      } else {
        this.#end({ status: 'answered', result: text, usage: this.#usage() });
      }
    } else if (kind === 'bundle_failed') {
      this.#fault(kind, withPosition(text, stack, this.#isolate.bundle?.filename));
    } else if (kind === 'object_not_found' || kind === 'invalid_function') {
      this.#fault(kind);
    } else {
      this.#fault('invalid_extension_response', notPlainMessage(text));
    }
  }

  #fault(fault: ThreadFault, message = ''): void {
    const shown = message.slice(0, this.#limits.errorChars);
    this.#end({ status: 'faulted', fault, message: shown, usage: this.#usage() });
  }

  #usage(): RunUsage {
    const { wallMs, cpuMs } = this.#clock;
    return { wallMs, cpuMs, heapBytes: this.#heapPeakBytes };
  }

  #end(outcome: ThreadOutcome): void {
    if (this.#hasEnded) return;
    if (this.#droppedLines > 0) {
      const { logLines, logBytes } = this.#limits;
      const limit = `a run may log ${amount(logLines)} lines and ${amount(logBytes)} bytes`;
      this.#port.log('warn', `${amount(this.#droppedLines)} more log lines were dropped: ${limit}`);
    }
    this.#hasEnded = true;
    clearTimeout(this.#deadline);
    const isReusable = this.isReusable;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#isolate.host = undefined;
    // An isolate that was cut off or has pending work is not used again.
    if ((outcome.status === 'faulted' && !answerFaults.has(outcome.fault)) || !isReusable) this.#isolate.dispose();
    this.#onEnd(outcome);
  }
}
