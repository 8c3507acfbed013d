/**
 * One compartment, seen from the runtime's process: its host, its threads, its runs. A compartment that
 * breaks the protocol or a deadline is killed.
 */
import { ById } from '../by-id.ts';
import type { Capability } from '../capabilities.ts';
import {
  type Ask,
  type Host,
  type Job,
  noUsage,
  type Outcome,
  type StartHost,
  type ThreadOptions,
} from '../protocol.ts';
import { Blame, type Culprit } from './blame.ts';
import { CompartmentRun, fault } from './compartment-run.ts';
import { CompartmentThread, type RunMessage } from './compartment-thread.ts';
import { MemoryWatch } from './memory-watch.ts';
import { MessageLoad } from './message-load.ts';
import { processUsage } from './process-usage.ts';
import { START_TIMEOUT_MESSAGE } from './start-failure.ts';
import { ThreadRouter } from './thread-router.ts';
import { ThreadWatch } from './thread-watch.ts';
import { WarmMemory } from './warm-memory.ts';

/** A compartment that is not ready by then never will be, however busy the machine is. */
const START_TIMEOUT_MS = 60_000;
/** A run this far over its time will not end by itself. */
const GRACE_MS = 500;
/** The system closes a dying process's pipes first, then needs a while to free gigabytes. */
const EXIT_AFTER_PIPE_MS = 1_000;
/** Pending requests of all the compartment's runs together. */
const PENDING_ASKS_CHARS = 64 * 1024 * 1024;
const TOO_MUCH_ASKED = JSON.stringify({
  error: { code: 'overloaded', message: 'Too much was asked at once; wait for replies before asking for more.' },
});

export interface CompartmentOptions extends ThreadOptions {
  /** Upper bound of the process's resident memory in MiB, whatever its runs may use together. */
  readonly residentMb: number;
}

export interface CompartmentEvents {
  /** It went down without being released. Names the connector whose run did it, if known. */
  onCrash(connectorId: string | undefined): void;
  /** Its threads take jobs now; or they never will, for the reason given. */
  onStart(problem: string | undefined): void;
  onRetained(): void;
  /** Called once, whatever the reason. */
  onExit(): void;
}

export class Compartment {
  readonly #host: Host;
  readonly #threads: readonly CompartmentThread[];
  readonly #threadWatches: readonly ThreadWatch[];
  /** Runs that have not ended on their thread, whether or not their callers still wait. */
  readonly #runs = new ById<CompartmentRun>();
  readonly #events: CompartmentEvents;
  readonly #memory: MemoryWatch;
  readonly #messageLoad = new MessageLoad();
  readonly #router: ThreadRouter;
  readonly warm: WarmMemory;
  readonly #blame: Blame;
  #reservedBytes = 0;
  #askChars = 0;
  #isReady = false;
  #isDown = false;
  #isReleased = false;
  #problem: string | undefined;
  /** Resolves when every thread takes jobs. Stays pending if the compartment goes down before. */
  readonly ready: Promise<void>;
  readonly exited: Promise<void>;
  /** Runs whose callers are waiting. */
  activeRuns = 0;
  /** When the last run ended. The longest idle compartment is released first. */
  idleSince = performance.now();

  constructor(startHost: StartHost, options: CompartmentOptions, events: CompartmentEvents) {
    this.#events = events;
    this.#memory = new MemoryWatch(options.residentMb);
    this.#host = startHost(options);
    const startTimeout = setTimeout(() => {
      this.#reportProblem(START_TIMEOUT_MESSAGE);
      this.release();
    }, START_TIMEOUT_MS);
    this.exited = this.#host.exited.then(({ fault, problem }) => {
      clearTimeout(startTimeout);
      if (!this.#isReady && !this.#isReleased) this.#reportProblem(problem);
      const culprit = this.#blame.suspect(fault);
      this.#goDown(culprit, this.#isReady || culprit !== undefined);
      events.onExit();
    });
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    let threadsStarting = options.threads;
    const onReady = (): void => {
      if (--threadsStarting !== 0) return;
      clearTimeout(startTimeout);
      this.#isReady = true;
      events.onStart(undefined);
      this.#host.lowerPriority();
      ready.resolve();
    };
    this.#threads = this.#host.pipes.map(
      (pipe) =>
        new CompartmentThread(
          pipe,
          onReady,
          (message, body) => this.#onMessage(message, body),
          () => this.#kill(this.#blame.suspect('sandbox_crashed')),
          () => this.#killAfterPipeClosed(),
          () => events.onRetained(),
        ),
    );
    this.#threadWatches = this.#threads.map((thread) => new ThreadWatch(thread));
    this.#router = new ThreadRouter(this.#threads);
    this.warm = new WarmMemory(this.#threads);
    this.#blame = new Blame(this.#threads, this.#runs, this.#memory);
    // Without a process there are no pipes.
    this.#isDown = this.#threads.length === 0;
  }

  #reportProblem(problem: string): void {
    this.#problem = problem;
    this.#events.onStart(problem);
  }

  /** Usually the process is exiting. If only the pipe was closed, nobody takes jobs from it any more. */
  #killAfterPipeClosed(): void {
    const timer = setTimeout(() => this.#kill(this.#blame.suspect('sandbox_crashed')), EXIT_AFTER_PIPE_MS);
    void this.exited.then(() => clearTimeout(timer));
  }

  /** Whether it takes no more runs. */
  get isDown(): boolean {
    return this.#isDown;
  }

  run(job: Job, ask: Ask): Promise<Outcome> {
    const { runId, integrationId, signal } = job;
    // The process did not start; the reason is known a moment later.
    if (this.#threads.length === 0) return this.exited.then(() => this.#bystanderFault());
    if (this.isDown) return Promise.resolve(fault('sandbox_restarted'));
    if (signal?.aborted) return Promise.resolve(fault('cancelled'));
    return new Promise((settle) => {
      const thread = this.#router.choose(integrationId);
      const run = new CompartmentRun(job, ask, thread, settle, () => this.#cancel(run));
      this.#runs.set(runId, run);
      this.activeRuns++;
      this.#reservedBytes += run.reservedBytes;
      thread.start(job);
      if (job.call || this.#isReady) return this.#setDeadline(run);
      // For a load check, the start of the process does not count as the run's time: nobody is waiting.
      void this.ready.then(() => this.#setDeadline(run));
    });
  }

  #setDeadline(run: CompartmentRun): void {
    // It may have been settled or cancelled in the meantime.
    if (run.isSettled || run.deadline) return;
    run.startedAt = performance.now();
    run.deadline = setTimeout(() => this.#overrun(run), run.job.limits.timeoutMs + GRACE_MS);
  }

  /** The thread ends a waiting run at once. A run that keeps the thread beyond the grace period is killed with it. */
  #cancel(run: CompartmentRun): void {
    const { runId } = run.job;
    run.thread.cancel(runId);
    clearTimeout(run.deadline);
    run.deadline = setTimeout(() => {
      if (run.thread.currentRun === runId && run.thread.isReady) this.#kill({ run, fault: 'cancelled' });
      else this.#settle(run, fault('cancelled'));
    }, GRACE_MS);
  }

  /** Ends it for a reason of ours. Its runs get `sandbox_restarted`. */
  release(): void {
    this.#isReleased = true;
    this.#goDown(undefined, false);
    this.#host.kill();
  }

  /** Checks from outside what the limits inside cannot enforce. */
  watch(): void {
    if (this.isDown) return;
    const usage = this.#host.pid === undefined ? undefined : processUsage(this.#host.pid);
    const running: string[] = [];
    for (const watch of this.#threadWatches) {
      if (watch.recentRun !== undefined) running.push(watch.recentRun);
      watch.observe(usage?.cpuMs);
      const run = this.#runs.get(watch.thread.currentRun ?? '');
      const usedMs = run && watch.stuckMs(run.job.limits.cpuMs, usage?.cpuMs);
      if (run && usedMs !== undefined) this.#kill({ run, fault: 'cpu_limit_exceeded', usedMs });
    }
    const handledMs = this.#threads.reduce((sum, thread) => sum + thread.handledMs, 0);
    if (this.#messageLoad.isFlood(handledMs)) this.#kill(this.#blame.suspect('sandbox_crashed'));
    if (usage) this.#watchMemory(usage.residentBytes, running);
  }

  #watchMemory(residentBytes: number, running: readonly string[]): void {
    if (this.isDown) return;
    const budget = { reservedBytes: this.#reservedBytes, retainedBytes: this.warm.retainedBytes };
    const decision = this.#memory.check(residentBytes, budget, running);
    if (decision === 'over') this.#kill(this.#blame.memorySuspect());
    else if (decision === 'shed') for (const thread of this.#threads) thread.shed();
  }

  #kill(culprit: Culprit | undefined): void {
    this.#goDown(culprit, true);
    this.#host.kill();
  }

  /** Settles every run at once, without waiting for the process to exit. */
  #goDown(culprit: Culprit | undefined, isCrash: boolean): void {
    if (this.#isDown) return;
    this.#isDown = true;
    for (const run of this.#runs.values()) {
      const usage = { ...noUsage, wallMs: performance.now() - run.startedAt };
      if (run === culprit?.run) this.#end(run, fault(culprit.fault, { ...usage, cpuMs: culprit.usedMs ?? 0 }));
      else this.#end(run, this.#bystanderFault(usage));
    }
    if (isCrash) this.#events.onCrash(culprit?.run.job.bundle.connectorId);
  }

  /** The outcome of a run that did nothing wrong. */
  #bystanderFault(usage = noUsage): Outcome {
    return this.#problem === undefined ? fault('sandbox_restarted', usage) : fault('overloaded', usage, this.#problem);
  }

  #onMessage(message: RunMessage, body: string): void {
    const run = this.#runs.get(message.runId);
    if (!run || this.#isDown) return;
    switch (message.type) {
      case 'log': {
        if (!run.mayLog(body)) return this.#kill(this.#blame.suspect('sandbox_crashed'));
        if (!run.isSettled) run.ask.log(message.level, body);
        return;
      }
      case 'ask':
        return this.#onAsk(run, message.askId, message.capability, body);
      default: {
        const outcome = run.outcomeOf(message, body);
        if (outcome) return this.#end(run, outcome);
        return this.#kill(this.#blame.suspect('sandbox_crashed'));
      }
    }
  }

  #onAsk(run: CompartmentRun, askId: number, capability: Capability, request: string): void {
    if (!run.mayAsk(request)) return this.#kill(this.#blame.suspect('sandbox_crashed'));
    if (run.isSettled) return;
    if (this.#askChars + request.length > PENDING_ASKS_CHARS) {
      return run.thread.reply(run.job.runId, askId, TOO_MUCH_ASKED);
    }
    run.asksOpen++;
    this.#askChars += request.length;
    const isCongested = (): boolean => run.thread.isCongested;
    void run.ask[capability](request, run.signal, isCongested).then((reply) => {
      run.asksOpen--;
      this.#askChars -= request.length;
      if (!run.isSettled) run.thread.reply(run.job.runId, askId, reply, run.ask.runtimeCpuMs?.());
    });
  }

  /** The run has ended on its thread. */
  #end(run: CompartmentRun, outcome: Outcome): void {
    const { runId } = run.job;
    this.#runs.delete(runId);
    this.#reservedBytes -= run.reservedBytes;
    this.#memory.runEnded(runId, run.reservedBytes);
    run.thread.endRun(runId);
    this.#router.runEnded(outcome.usage.cpuMs);
    this.#settle(run, outcome);
  }

  /** Answers the run's caller. The run may still be queued or running on its thread. */
  #settle(run: CompartmentRun, outcome: Outcome): void {
    if (run.isSettled) return;
    this.activeRuns--;
    this.idleSince = performance.now();
    run.settle(outcome);
  }

  /** Answers within the run's time plus `GRACE_MS`, whatever the thread is doing. */
  #overrun(run: CompartmentRun): void {
    const { runId } = run.job;
    const startedAt = run.thread.startedAt(runId);
    // Other runs delayed its start, so it had less than its time. Its result is ignored.
    if (startedAt === undefined || startedAt > run.startedAt + GRACE_MS / 2) {
      run.thread.cancel(runId);
      return this.#settle(run, fault('overloaded'));
    }
    if (run.thread.currentRun === runId) return this.#kill({ run, fault: 'run_timeout' });
    // It is waiting, and another run has the thread.
    run.thread.cancel(runId);
    this.#settle(run, fault('run_timeout'));
  }
}
