/**
 * One compartment, seen from the runtime's process: the child, its threads, the runs that are in it.
 * A compartment that breaks the protocol, or a deadline, is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Ask, type CompartmentOptions, type Fault, type Job, nothingSpent, type Outcome } from '../protocol.ts';
import { CompartmentThread, type RunMessage } from './compartment-thread.ts';
import { jailFlags } from './jail.ts';
import { type ProcessUsage, processUsage } from './process-usage.ts';

/** A process that is not ready by then will not be. */
const START_LIMIT_MS = 15_000;
/** A run that is over its time by this much is not going to end by itself. */
const GRACE_MS = 500;
/** Runs that take longer than this on average are spread over the threads. */
const SLOW_RUN_MS = 2;
/** Runs that may be running on a thread before integrations without a home go to the next. */
const CROWDED_RUNS = 64;
/** A run is cut off inside a little after its CPU time; this much later it is not going to be. */
const STUCK_AFTER_MS = 750;
const MB = 1024 * 1024;
/** A process that has done nothing yet takes about half of it. */
const BASE_BYTES = 256 * MB;
const WARM_ISOLATE_BYTES = 4 * MB;
/** Integrations whose thread is remembered. */
const ROUTES = 10_000;

const entry = fileURLToPath(
  new URL(`../process/main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

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
}

export class Compartment {
  readonly #child: ChildProcess;
  readonly #threads: readonly CompartmentThread[];
  readonly #runs = new Map<string, RunInside>();
  /** Which thread has an integration's warm isolate. */
  readonly #routes = new Map<string, CompartmentThread>();
  readonly #onEnd: () => void;
  /** Whose doing it was that it was killed, if we know. */
  #blamed: { readonly runId: string; readonly fault: Fault } | undefined;
  /** Resident memory when it was last within what the runs inside were promised. */
  #keptBytes = 0;
  /** CPU time of the last few runs. */
  #meanCpuMs = 0;
  /** Heap that the runs inside may use, together. */
  #promisedBytes = 0;
  readonly #options: CompartmentOptions;
  #wasLetGo = false;
  #isReady = false;
  #isDying = false;
  #ended = false;
  /** Settles when every thread takes jobs. */
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;
  /** When the last run ended; for choosing the one that is let go. */
  idleSince = performance.now();

  /** @param onEnd is called once, when the process has gone for whatever reason. */
  constructor(options: CompartmentOptions, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#options = options;
    const pipes = Array.from({ length: options.threads + 1 }, () => 'pipe' as const);
    this.#child = spawn(process.execPath, [...jailFlags(), entry, JSON.stringify(options)], {
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', ...pipes],
      windowsHide: true,
    });
    const startLimit = setTimeout(() => this.#kill(), START_LIMIT_MS);
    this.gone = new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(startLimit);
        this.#end();
        resolve();
      };
      this.#child.once('exit', end).once('error', end);
    });
    // Without descriptors or memory for a process there is none, and no pipes; `error` follows.
    this.#isDying = this.#child.pid === undefined;
    const pipesToIt = this.#isDying ? [] : (this.#child.stdio.slice(3) as unknown as Duplex[]);
    const [control, ...threadPipes] = pipesToIt;
    control?.on('error', () => {});
    const isReady = Promise.withResolvers<void>();
    this.ready = isReady.promise;
    let threadsToCome = options.threads;
    const onReady = (): void => {
      if (--threadsToCome !== 0) return;
      clearTimeout(startLimit);
      this.#isReady = true;
      for (const run of this.#runs.values()) this.#startClock(run);
      isReady.resolve();
    };
    this.#threads = threadPipes.map(
      (pipe) =>
        new CompartmentThread(
          pipe,
          onReady,
          (message, body) => this.#take(message, body),
          () => this.#kill(),
        ),
    );
  }

  /** Takes no more runs. */
  get isGone(): boolean {
    return this.#isDying || this.#ended;
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
      const onCancel = (): void => thread.cancel(runId);
      const run: RunInside = { job, ask, thread, settle, startedAt: performance.now(), onCancel };
      this.#runs.set(runId, run);
      this.#promisedBytes += bytesFor(job);
      // A run's time begins when there is a thread to run it.
      if (this.#isReady) this.#startClock(run);
      thread.start(job);
      signal?.addEventListener('abort', onCancel, { once: true });
    });
  }

  /** Ends it for a reason of ours; runs that are inside are told to come again. */
  letGo(): void {
    this.#wasLetGo = true;
    this.#kill();
  }

  /** Looks from outside at what the limits inside cannot hold. */
  watch(): void {
    const usage = this.#child.pid === undefined || this.isGone ? undefined : processUsage(this.#child.pid);
    for (const thread of this.#threads) this.#watchThread(thread, usage);
    if (usage && this.#isTooLarge(usage.residentBytes)) this.#killFor(this.#suspect(), 'memory_limit_exceeded');
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
    if (isStuck && (!usage || usage.cpuMs - thread.cpuMsAtMark > cpuMs))
      this.#killFor(run.job.runId, 'cpu_limit_exceeded');
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

  #killFor(runId: string | undefined, fault: Fault): void {
    if (runId !== undefined) this.#blamed ??= { runId, fault };
    this.#kill();
  }

  #kill(): void {
    this.#isDying = true;
    this.#child.kill('SIGKILL');
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
        return run.ask.log(message.level, body);
      case 'ask': {
        const { askId, capability } = message;
        run.ended ??= new AbortController();
        void run.ask[capability](body, run.ended.signal).then((reply) => {
          if (this.#runs.has(runId)) run.thread.reply(runId, askId, reply);
        });
      }
    }
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

  #startClock(run: RunInside): void {
    const { runId, limits } = run.job;
    const look = (): void => {
      const begunAt = run.thread.begunAt(runId);
      // It never got the thread in its time: others held it up. Whatever comes of it is not looked at.
      if (begunAt === undefined) return this.#settle(run, fault('overloaded'));
      const leftMs = begunAt + limits.timeoutMs + GRACE_MS - performance.now();
      if (leftMs > 0) run.deadline = setTimeout(look, leftMs);
      else this.#killFor(runId, 'run_timeout');
    };
    run.deadline = setTimeout(look, limits.timeoutMs + GRACE_MS);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const culprit = this.#culprit();
    for (const [runId, run] of this.#runs) {
      const spent = { ...nothingSpent, wallMs: performance.now() - run.startedAt };
      const reason = runId === culprit?.runId ? culprit.fault : 'sandbox_restarted';
      this.#settle(run, { status: 'faulted', fault: reason, message: '', spent });
    }
    this.#onEnd();
  }

  #culprit(): { readonly runId: string; readonly fault: Fault } | undefined {
    if (this.#wasLetGo || !this.#isReady) return undefined;
    if (this.#blamed) return this.#blamed;
    const runId = this.#suspect();
    return runId === undefined ? undefined : { runId, fault: 'sandbox_crashed' };
  }

  /**
   * Whose doing it is when the process as a whole is in a bad way: what runs on the thread that was
   * not heard of for longest; if all wait, the only run there is.
   */
  #suspect(): string | undefined {
    const running = this.#threads.filter(({ runningRun }) => runningRun !== undefined);
    const [stillest] = running.sort((a, b) => a.movedAt - b.movedAt);
    if (stillest) return stillest.runningRun;
    return this.#runs.size === 1 ? [...this.#runs.keys()][0] : undefined;
  }
}

/** What a run may make of resident memory: its heap, and its argument on the way in, in several copies. */
function bytesFor({ limits, call }: Job): number {
  return limits.memoryMb * MB * 1.5 + (call?.argument.length ?? 0) * 8;
}

function fault(reason: Fault): Outcome {
  return { status: 'faulted', fault: reason, message: '', spent: nothingSpent };
}
