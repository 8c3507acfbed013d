/**
 * One compartment, seen from the runtime's process: its host, its threads, the runs that are in it.
 * A compartment that breaks the protocol, or a deadline, is killed.
 */
import {
  type Ask,
  type Capability,
  type Fault,
  type Host,
  type Job,
  type LogLevel,
  nothingSpent,
  type Outcome,
  type StartHost,
  type ThreadOptions,
} from '../protocol.ts';
import { CompartmentThread, type RunMessage } from './compartment-thread.ts';
import { type ProcessUsage, processUsage } from './process-usage.ts';

/** Compartments that are not ready by then will not be. */
const START_LIMIT_MS = 15_000;
/** A run that is over its time by this much is not going to end by itself. */
const GRACE_MS = 500;
/** Runs that take longer than this on average are spread over the threads. */
const SLOW_RUN_MS = 2;
/** Runs that may be running on a thread before integrations without a home go to the next. */
const CROWDED_RUNS = 64;
/** A run is cut off inside a little after its CPU time; this much later it is not going to be. */
const STUCK_AFTER_MS = 650;
const MB = 1024 * 1024;
/** A process that has done nothing yet takes about half of it. */
const BASE_BYTES = 256 * MB;
const WARM_ISOLATE_BYTES = 4 * MB;
/** Integrations whose thread is remembered. */
const ROUTES = 10_000;
/** A thread says in a line of its own how many were too many. */
const LOG_SLACK_LINES = 1;
const LOG_SLACK_BYTES = 200;

export interface CompartmentOptions extends ThreadOptions {
  /** Resident memory of the process at the most, in MiB, whatever its runs may use together. */
  readonly residentMb: number;
}

export interface CompartmentEvents {
  /** It went down, and not because it was let go; with whose run did it, if that is known. */
  onBroughtDown(connectorId: string | undefined): void;
  /** Called once, when it has gone for whatever reason. */
  onGone(): void;
}

interface RunInside {
  readonly job: Job;
  readonly ask: Ask;
  readonly thread: CompartmentThread;
  readonly settle: (outcome: Outcome) => void;
  readonly startedAt: number;
  readonly onCancel: () => void;
  deadline?: NodeJS.Timeout;
  /** Made with the first request; aborted when the run ends, for what it asked and did not wait for. */
  ended?: AbortController;
  asksOpen: number;
  logLines: number;
  logBytes: number;
}

export class Compartment {
  readonly #host: Host;
  readonly #threads: readonly CompartmentThread[];
  readonly #runs = new Map<string, RunInside>();
  /** Which thread has an integration's warm isolate. */
  readonly #routes = new Map<string, CompartmentThread>();
  readonly #events: CompartmentEvents;
  /** Resident memory when it was last within what the runs inside were promised. */
  #keptBytes = 0;
  /** CPU time of the last few runs. */
  #meanCpuMs = 0;
  /** Heap that the runs inside may use, together. */
  #promisedBytes = 0;
  readonly #options: CompartmentOptions;
  #isReady = false;
  #isDown = false;
  /** Settles when every thread takes jobs; never, if it goes down before. */
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;
  /** When the last run ended; for choosing the one that is let go. */
  idleSince = performance.now();

  constructor(startHost: StartHost, options: CompartmentOptions, events: CompartmentEvents) {
    this.#events = events;
    this.#options = options;
    this.#host = startHost(options);
    const startLimit = setTimeout(() => this.letGo(), START_LIMIT_MS);
    this.gone = this.#host.gone.then((reason) => {
      clearTimeout(startLimit);
      const culprit = this.#suspect(reason);
      this.#goDown(culprit, this.#isReady || culprit !== undefined);
      events.onGone();
    });
    const isReady = Promise.withResolvers<void>();
    this.ready = isReady.promise;
    let threadsToCome = options.threads;
    const onReady = (): void => {
      if (--threadsToCome !== 0) return;
      clearTimeout(startLimit);
      this.#isReady = true;
      isReady.resolve();
    };
    this.#threads = this.#host.pipes.map(
      (pipe) =>
        new CompartmentThread(
          pipe,
          onReady,
          (message, body) => this.#take(message, body),
          () => this.#kill(this.#suspect('sandbox_crashed')),
        ),
    );
    // Without a process there are no pipes.
    this.#isDown = this.#threads.length === 0;
  }

  /** Takes no more runs. */
  get isGone(): boolean {
    return this.#isDown;
  }

  get runsInside(): number {
    return this.#runs.size;
  }

  run(job: Job, ask: Ask): Promise<Outcome> {
    const { runId, integrationId, signal } = job;
    if (this.isGone) return Promise.resolve(fault('sandbox_restarted'));
    if (signal?.aborted) return Promise.resolve(fault('cancelled'));
    return new Promise((settle) => {
      const thread = this.#choose(integrationId);
      const onCancel = (): void => this.#cancel(runId);
      const now = performance.now();
      const counted = { asksOpen: 0, logLines: 0, logBytes: 0 };
      const run: RunInside = { job, ask, thread, settle, startedAt: now, onCancel, ...counted };
      this.#runs.set(runId, run);
      this.#promisedBytes += bytesFor(job);
      run.deadline = setTimeout(() => this.#overrun(run), job.limits.timeoutMs + GRACE_MS);
      thread.start(job);
      signal?.addEventListener('abort', onCancel, { once: true });
    });
  }

  /** A run that waits is given up at once; one that has the thread, and does not look up, is ended with it. */
  #cancel(runId: string): void {
    const run = this.#runs.get(runId);
    if (!run) return;
    run.thread.cancel(runId);
    clearTimeout(run.deadline);
    run.deadline = setTimeout(() => {
      if (run.thread.runningRun === runId && this.#isReady) this.#kill({ run, fault: 'cancelled' });
      else this.#settle(run, fault('cancelled'));
    }, GRACE_MS);
  }

  /** Ends it for a reason of ours; runs that are inside are told to come again. */
  letGo(): void {
    this.#goDown(undefined, false);
    this.#host.kill();
  }

  /** Looks from outside at what the limits inside cannot hold. */
  watch(): void {
    if (this.isGone) return;
    const usage = this.#host.pid === undefined ? undefined : processUsage(this.#host.pid);
    for (const thread of this.#threads) this.#watchThread(thread, usage);
    if (usage && this.#isTooLarge(usage.residentBytes)) this.#kill(this.#suspect('memory_limit_exceeded'));
  }

  /** A thread that should have cut its run off by now is in code that nothing interrupts. */
  #watchThread(thread: CompartmentThread, usage: ProcessUsage | undefined): void {
    if (thread.markedAt !== thread.movedAt) {
      thread.markedAt = thread.movedAt;
      thread.cpuMsAtMark = usage?.cpuMs ?? 0;
    }
    const run = this.#runs.get(thread.runningRun ?? '');
    if (!run || !this.#isReady) return;
    const { cpuMs } = run.job.limits;
    const isStuck = performance.now() - thread.movedAt > cpuMs + STUCK_AFTER_MS;
    // Less would be a thread that waits for a core, and not one that is in something.
    if (isStuck && (!usage || usage.cpuMs - thread.cpuMsAtMark > cpuMs / 2)) {
      this.#kill({ run, fault: 'cpu_limit_exceeded' });
    }
  }

  /**
   * Memory that many runs have used comes back to the system late, if at all: what the process had by
   * right when they were inside, it may keep.
   */
  #isTooLarge(residentBytes: number): boolean {
    const { threads, warmIsolates, residentMb } = this.#options;
    const warm = Math.min(this.#routes.size, threads * warmIsolates);
    const dueBytes = BASE_BYTES + warm * WARM_ISOLATE_BYTES + this.#promisedBytes;
    if (residentBytes <= dueBytes) this.#keptBytes = residentBytes;
    return residentBytes > Math.min(residentMb * MB, Math.max(dueBytes, this.#keptBytes + this.#promisedBytes));
  }

  #kill(culprit: Culprit | undefined): void {
    this.#goDown(culprit, true);
    this.#host.kill();
  }

  /** Tells every run inside, before the system has taken the process apart. */
  #goDown(culprit: Culprit | undefined, isBroughtDown: boolean): void {
    if (this.#isDown) return;
    this.#isDown = true;
    for (const run of this.#runs.values()) {
      const spent = { ...nothingSpent, wallMs: performance.now() - run.startedAt };
      const reason = run === culprit?.run ? culprit.fault : 'sandbox_restarted';
      this.#settle(run, { status: 'faulted', fault: reason, message: '', spent });
    }
    if (isBroughtDown) this.#events.onBroughtDown(culprit?.run.job.bundle.connectorId);
  }

  /**
   * The thread with the integration's warm isolate, unless that is busy; the first thread that is
   * free: one that keeps running costs less than two that wake each other, unless runs are long; or
   * the one with the least to do.
   */
  #choose(integrationId: string): CompartmentThread {
    const home = this.#routes.get(integrationId);
    if (home && !home.isBusy && (this.#meanCpuMs <= SLOW_RUN_MS || home.activeRuns.size === 0)) return home;
    const crowd = this.#meanCpuMs > SLOW_RUN_MS ? 1 : CROWDED_RUNS;
    const chosen =
      this.#threads.find(({ isBusy, activeRuns }) => !isBusy && activeRuns.size < crowd) ??
      this.#threads.reduce((least, thread) => (thread.activeRuns.size < least.activeRuns.size ? thread : least));
    this.#routes.delete(integrationId);
    this.#routes.set(integrationId, chosen);
    if (this.#routes.size > ROUTES) this.#routes.delete(this.#routes.keys().next().value as string);
    return chosen;
  }

  #take(message: RunMessage, body: string): void {
    const { runId } = message;
    const run = this.#runs.get(runId);
    // The run has ended, and what it left is on its way still.
    if (!run) return;
    switch (message.type) {
      case 'answered':
        return this.#settle(run, { status: 'answered', result: body, spent: message.spent });
      case 'failed': {
        const { code, stack, spent } = message;
        return this.#settle(run, { status: 'failed', code, message: body, stack, spent });
      }
      case 'faulted':
        return this.#settle(run, { status: 'faulted', fault: message.fault, message: body, spent: message.spent });
      case 'log':
        return this.#takeLog(run, message.level, body);
      case 'ask':
        return this.#takeAsk(run, message.askId, message.capability, body);
    }
  }

  // A thread keeps to the limits of its runs. One that does not has been broken into.

  #takeLog(run: RunInside, level: LogLevel, text: string): void {
    const { logLines, logBytes } = run.job.limits;
    run.logLines++;
    run.logBytes += Buffer.byteLength(text);
    if (run.logLines > logLines + LOG_SLACK_LINES || run.logBytes > logBytes + LOG_SLACK_BYTES) {
      return this.#kill(this.#suspect('sandbox_crashed'));
    }
    run.ask.log(level, text);
  }

  #takeAsk(run: RunInside, askId: number, capability: Capability, request: string): void {
    const { runId, limits } = run.job;
    if (run.asksOpen >= limits.pendingAsks || request.length > limits.askChars) {
      return this.#kill(this.#suspect('sandbox_crashed'));
    }
    run.asksOpen++;
    run.ended ??= new AbortController();
    void run.ask[capability](request, run.ended.signal).then((reply) => {
      run.asksOpen--;
      if (this.#runs.has(runId)) run.thread.reply(runId, askId, reply);
    });
  }

  #settle(run: RunInside, outcome: Outcome): void {
    const { job } = run;
    this.#runs.delete(job.runId);
    this.#promisedBytes -= bytesFor(job);
    clearTimeout(run.deadline);
    job.signal?.removeEventListener('abort', run.onCancel);
    run.ended?.abort();
    run.thread.ended(job);
    this.#meanCpuMs += (outcome.spent.cpuMs - this.#meanCpuMs) / 8;
    this.idleSince = performance.now();
    run.settle(outcome);
  }

  /** The reply comes in the run's time, and `GRACE_MS` at the most, whatever the thread is doing. */
  #overrun(run: RunInside): void {
    const { runId } = run.job;
    const begunAt = run.thread.begunAt(runId);
    // Others held it up for so long that it had less than its time. Whatever comes of it is not looked at.
    if (begunAt === undefined || begunAt > run.startedAt + GRACE_MS / 2) {
      run.thread.cancel(runId);
      return this.#settle(run, fault('overloaded'));
    }
    if (run.thread.runningRun === runId) return this.#kill({ run, fault: 'run_timeout' });
    // It waits, and another has the thread.
    this.#settle(run, fault('run_timeout'));
  }

  /**
   * Whose doing it is when the process as a whole is in a bad way: what runs on the thread that was
   * not heard of for longest; if all wait, the only run there is.
   */
  #suspect(reason: Fault): Culprit | undefined {
    const running = this.#threads.filter(({ isReady, runningRun }) => isReady && runningRun !== undefined);
    const [stillest] = running.sort((a, b) => a.movedAt - b.movedAt);
    const run = stillest ? this.#runs.get(stillest.runningRun ?? '') : undefined;
    if (run) return { run, fault: reason };
    const [only, ...others] = this.#runs.values();
    return only?.thread.isReady && others.length === 0 ? { run: only, fault: reason } : undefined;
  }
}

/** Whose run it was, and why it ends. */
interface Culprit {
  readonly run: RunInside;
  readonly fault: Fault;
}

/** What a run may make of resident memory: its heap, and its argument on the way in, in several copies. */
function bytesFor({ limits, call }: Job): number {
  return limits.memoryMb * MB * 1.5 + (call?.argument.length ?? 0) * 8;
}

function fault(reason: Fault): Outcome {
  return { status: 'faulted', fault: reason, message: '', spent: nothingSpent };
}
