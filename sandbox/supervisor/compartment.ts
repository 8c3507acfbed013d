/**
 * One compartment, seen from the runtime's process: its host, its threads, the runs that are in it.
 * A compartment that breaks the protocol, or a deadline, is killed.
 */
import { ById } from '../by-id.ts';
import {
  type Ask,
  type Capability,
  type Fault,
  type Host,
  type Job,
  nothingSpent,
  type Outcome,
  type StartHost,
  type ThreadOptions,
} from '../protocol.ts';
import { CompartmentThread, type RunMessage } from './compartment-thread.ts';
import { MemoryWatch } from './memory-watch.ts';
import { type ProcessUsage, processUsage } from './process-usage.ts';
import { fault, RunInside } from './run-inside.ts';
import { TOO_SLOW } from './start-failure.ts';

/** Compartments that are not ready by then will not be, however busy the machine is. */
const START_LIMIT_MS = 60_000;
/** A run that is over its time by this much is not going to end by itself. */
const GRACE_MS = 500;
/** Runs that take longer than this on average are spread over the threads. */
const SLOW_RUN_MS = 2;
/** What a thread has to do before integrations without a home go to the next. */
const CROWDED_LOAD = 64;
/** A run is cut off inside a little after its CPU time; this much later it is not going to be. */
const STUCK_AFTER_MS = 650;
/** The system takes a process with gigabytes apart for a while after its pipes. */
const END_AFTER_PIPE_MS = 1_000;
const MB = 1024 * 1024;
/** An integration whose first thread was busy goes back to it after so long. */
const DETOUR_MS = 10_000;
/** Integrations whose thread is remembered. */
const ROUTES = 10_000;
/** Requests that wait for their answer, of all runs inside together. */
const ASKS_CHARS = 64 * MB;
const TOO_MUCH_ASKED = JSON.stringify({
  error: { code: 'overloaded', message: 'Too much was asked at once; wait for replies before asking for more.' },
});
/** Messages that take more than this part of our time, … */
const MESSAGES_SHARE = 0.5;
/** … averaged over about so long, are sent for that purpose. */
const MESSAGES_OVER_MS = 2_000;

export interface CompartmentOptions extends ThreadOptions {
  /** Resident memory of the process at the most, in MiB, whatever its runs may use together. */
  readonly residentMb: number;
}

export interface CompartmentEvents {
  /** It went down, and not because it was let go; with whose run did it, if that is known. */
  onBroughtDown(connectorId: string | undefined): void;
  /** Its threads take jobs; or they never will, with the reason. */
  onStart(problem: string | undefined): void;
  /** Called once, when it has gone for whatever reason. */
  onGone(): void;
}

export class Compartment {
  readonly #host: Host;
  readonly #threads: readonly CompartmentThread[];
  /** Those that a thread is not done with, whether their callers wait or not. */
  readonly #runs = new ById<RunInside>();
  /** Which thread has an integration's warm isolate. */
  readonly #routes = new Map<string, Route>();
  readonly #events: CompartmentEvents;
  readonly #memory: MemoryWatch;
  /** CPU time of the last few runs. */
  #meanCpuMs = 0;
  /** What the runs inside may use, together. */
  #promisedBytes = 0;
  #askChars = 0;
  /** What part of our time its messages take. */
  #messagesShare = 0;
  #handledMs = 0;
  #watchedAt = 0;
  #isReady = false;
  #isDown = false;
  #isReleased = false;
  /** Why its process has not started. */
  #problem: string | undefined;
  /** Settles when every thread takes jobs; never, if it goes down before. */
  readonly ready: Promise<void>;
  readonly gone: Promise<void>;
  /** Runs whose callers wait. */
  runsInside = 0;
  /** When the last run ended; for choosing the one that is let go. */
  idleSince = performance.now();

  constructor(startHost: StartHost, options: CompartmentOptions, events: CompartmentEvents) {
    this.#events = events;
    this.#memory = new MemoryWatch(options.residentMb);
    this.#host = startHost(options);
    const startLimit = setTimeout(() => {
      this.#fail(TOO_SLOW);
      this.release();
    }, START_LIMIT_MS);
    this.gone = this.#host.gone.then(({ fault, problem }) => {
      clearTimeout(startLimit);
      if (!this.#isReady && !this.#isReleased) this.#fail(problem);
      const culprit = this.#suspect(fault);
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
      events.onStart(undefined);
      this.#host.yield();
      isReady.resolve();
    };
    this.#threads = this.#host.pipes.map(
      (pipe) =>
        new CompartmentThread(
          pipe,
          onReady,
          (message, body) => this.#take(message, body),
          () => this.#kill(this.#suspect('sandbox_crashed')),
          () => this.#endAfterItsPipe(),
        ),
    );
    // Without a process there are no pipes.
    this.#isDown = this.#threads.length === 0;
  }

  #fail(problem: string): void {
    this.#problem = problem;
    this.#events.onStart(problem);
  }

  /** A pipe ends with its process. One that was closed has nobody behind it to take jobs. */
  #endAfterItsPipe(): void {
    const timer = setTimeout(() => this.#kill(this.#suspect('sandbox_crashed')), END_AFTER_PIPE_MS);
    void this.gone.then(() => clearTimeout(timer));
  }

  /** Takes no more runs. */
  get isGone(): boolean {
    return this.#isDown;
  }

  run(job: Job, ask: Ask): Promise<Outcome> {
    const { runId, integrationId, signal } = job;
    // Why there is no process is known a moment later.
    if (this.#threads.length === 0) return this.gone.then(() => this.#faultOfBystander());
    if (this.isGone) return Promise.resolve(fault('sandbox_restarted'));
    if (signal?.aborted) return Promise.resolve(fault('cancelled'));
    return new Promise((settle) => {
      const thread = this.#choose(integrationId);
      const run = new RunInside(job, ask, thread, settle, () => this.#cancel(run));
      this.#runs.set(runId, run);
      this.runsInside++;
      this.#promisedBytes += run.promisedBytes;
      thread.start(job);
      if (job.call || this.#isReady) return this.#setDeadline(run);
      // Nobody waits for code that is tried: the time that its process takes to start is not its own.
      void this.ready.then(() => this.#setDeadline(run));
    });
  }

  #setDeadline(run: RunInside): void {
    // Settled, or called back, in the meantime.
    if (run.isSettled || run.deadline) return;
    run.startedAt = performance.now();
    run.deadline = setTimeout(() => this.#overrun(run), run.job.limits.timeoutMs + GRACE_MS);
  }

  /** A run that waits is given up at once; one that has the thread, and does not look up, is ended with it. */
  #cancel(run: RunInside): void {
    const { runId } = run.job;
    run.thread.cancel(runId);
    clearTimeout(run.deadline);
    run.deadline = setTimeout(() => {
      if (run.thread.runningRun === runId && run.thread.isReady) this.#kill({ run, fault: 'cancelled' });
      else this.#settle(run, fault('cancelled'));
    }, GRACE_MS);
  }

  /** Ends it for a reason of ours; runs that are inside are told to come again. */
  release(): void {
    this.#isReleased = true;
    this.#goDown(undefined, false);
    this.#host.kill();
  }

  /** Looks from outside at what the limits inside cannot hold. */
  watch(): void {
    if (this.isGone) return;
    const usage = this.#host.pid === undefined ? undefined : processUsage(this.#host.pid);
    const running: string[] = [];
    for (const thread of this.#threads) {
      const runId = thread.runningRun ?? (thread.markedAt === thread.movedAt ? undefined : thread.lastRun);
      if (runId !== undefined) running.push(runId);
      this.#watchThread(thread, usage);
    }
    this.#watchMessages();
    if (usage) this.#watchMemory(usage.residentBytes, running);
  }

  /** A thread that should have cut its run off by now is in code that nothing interrupts. */
  #watchThread(thread: CompartmentThread, usage: ProcessUsage | undefined): void {
    if (thread.markedAt !== thread.movedAt) {
      thread.markedAt = thread.movedAt;
      thread.cpuMsAtMark = usage?.cpuMs ?? 0;
    }
    const run = this.#runs.get(thread.runningRun ?? '');
    if (!run || !thread.isReady) return;
    const { cpuMs } = run.job.limits;
    const stillMs = performance.now() - thread.movedAt;
    const usedMs = usage ? usage.cpuMs - thread.cpuMsAtMark : stillMs;
    // Less would be a thread that waits for a core, and not one that is in something.
    if (stillMs > cpuMs + STUCK_AFTER_MS && usedMs > cpuMs / 2) {
      this.#kill({ run, fault: 'cpu_limit_exceeded', usedMs });
    }
  }

  /** Code that has broken out can send more than we can read. */
  #watchMessages(): void {
    const now = performance.now();
    const handledMs = this.#threads.reduce((sum, thread) => sum + thread.handledMs, 0);
    const elapsedMs = Math.max(1, now - this.#watchedAt);
    const weight = Math.min(1, elapsedMs / MESSAGES_OVER_MS);
    this.#messagesShare += ((handledMs - this.#handledMs) / elapsedMs - this.#messagesShare) * weight;
    this.#handledMs = handledMs;
    this.#watchedAt = now;
    if (this.#messagesShare > MESSAGES_SHARE) this.#kill(this.#suspect('sandbox_crashed'));
  }

  #watchMemory(residentBytes: number, running: readonly string[]): void {
    if (this.isGone) return;
    const retainedBytes = this.#threads.reduce((sum, thread) => sum + thread.retainedBytes, 0);
    const due = { promisedBytes: this.#promisedBytes, retainedBytes };
    const decision = this.#memory.check(residentBytes, due, running);
    if (decision === 'over') this.#kill(this.#largest());
    else if (decision === 'shed') for (const thread of this.#threads) thread.shed();
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
      if (run === culprit?.run) this.#end(run, fault(culprit.fault, { ...spent, cpuMs: culprit.usedMs ?? 0 }));
      else this.#end(run, this.#faultOfBystander(spent));
    }
    if (isBroughtDown) this.#events.onBroughtDown(culprit?.run.job.bundle.connectorId);
  }

  /** Of a run that did nothing wrong. */
  #faultOfBystander(spent = nothingSpent): Outcome {
    return this.#problem === undefined ? fault('sandbox_restarted', spent) : fault('overloaded', spent, this.#problem);
  }

  /**
   * The thread with the integration's warm isolate, unless that is busy; the first thread that is
   * free: one that keeps running costs less than two that wake each other, unless runs are long; or
   * the one with the least to do.
   */
  #choose(integrationId: string): CompartmentThread {
    const home = this.#routes.get(integrationId);
    const areShort = this.#meanCpuMs <= SLOW_RUN_MS;
    const now = performance.now();
    if (home && !home.thread.isBusy && (areShort ? now < home.until : home.thread.load === 0)) return home.thread;
    const crowd = areShort ? CROWDED_LOAD : 1;
    const [first] = this.#threads;
    const thread =
      this.#threads.find(({ isBusy, load }) => !isBusy && load < crowd) ??
      this.#threads.reduce((least, each) => (each.load < least.load ? each : least));
    this.#routes.delete(integrationId);
    this.#routes.set(integrationId, { thread, until: thread === first ? Number.POSITIVE_INFINITY : now + DETOUR_MS });
    if (this.#routes.size > ROUTES) this.#routes.delete(this.#routes.keys().next().value as string);
    return thread;
  }

  #take(message: RunMessage, body: string): void {
    const run = this.#runs.get(message.runId);
    if (!run || this.#isDown) return;
    switch (message.type) {
      case 'log': {
        if (!run.mayLog(body)) return this.#kill(this.#suspect('sandbox_crashed'));
        if (!run.isSettled) run.ask.log(message.level, body);
        return;
      }
      case 'ask':
        return this.#takeAsk(run, message.askId, message.capability, body);
      default: {
        const outcome = run.outcomeOf(message, body);
        if (outcome) return this.#end(run, outcome);
        return this.#kill(this.#suspect('sandbox_crashed'));
      }
    }
  }

  #takeAsk(run: RunInside, askId: number, capability: Capability, request: string): void {
    if (!run.mayAsk(request)) return this.#kill(this.#suspect('sandbox_crashed'));
    if (run.isSettled) return;
    if (this.#askChars + request.length > ASKS_CHARS) {
      return run.thread.reply(run.job.runId, askId, TOO_MUCH_ASKED);
    }
    run.asksOpen++;
    this.#askChars += request.length;
    const isCongested = (): boolean => run.thread.isCongested;
    void run.ask[capability](request, run.signal, isCongested).then((reply) => {
      run.asksOpen--;
      this.#askChars -= request.length;
      if (!run.isSettled) run.thread.reply(run.job.runId, askId, reply, run.ask.spentMs?.());
    });
  }

  /** The thread is done with a run. */
  #end(run: RunInside, outcome: Outcome): void {
    const { runId } = run.job;
    this.#runs.delete(runId);
    this.#promisedBytes -= run.promisedBytes;
    this.#memory.ended(runId, run.promisedBytes);
    run.thread.ended(runId);
    this.#meanCpuMs += (outcome.spent.cpuMs - this.#meanCpuMs) / 8;
    this.#settle(run, outcome);
  }

  /** The run's caller is told; its thread may not have come to it yet, and goes on to have it. */
  #settle(run: RunInside, outcome: Outcome): void {
    if (run.isSettled) return;
    this.runsInside--;
    this.idleSince = performance.now();
    run.settle(outcome);
  }

  /** The reply comes in the run's time, and `GRACE_MS` at the most, whatever the thread is doing. */
  #overrun(run: RunInside): void {
    const { runId } = run.job;
    const startedAt = run.thread.startedAt(runId);
    // Others held it up for so long that it had less than its time. Whatever comes of it is not looked at.
    if (startedAt === undefined || startedAt > run.startedAt + GRACE_MS / 2) {
      run.thread.cancel(runId);
      return this.#settle(run, fault('overloaded'));
    }
    if (run.thread.runningRun === runId) return this.#kill({ run, fault: 'run_timeout' });
    // It waits, and another has the thread.
    run.thread.cancel(runId);
    this.#settle(run, fault('run_timeout'));
  }

  /**
   * Whose doing it is when the process as a whole is in a bad way: of those that are running the one that
   * made it grow, or whose thread was not heard of for longest; if all wait, the only run there is.
   */
  #suspect(reason: Fault): Culprit | undefined {
    const running = this.#threads
      .filter(({ isReady, runningRun }) => isReady && runningRun !== undefined)
      .sort((a, b) => a.movedAt - b.movedAt)
      .map(({ runningRun }) => runningRun as string);
    const run = this.#runs.get(this.#memory.mostGrown(running) ?? running[0] ?? '') ?? this.#onlyRun();
    return run && { run, fault: reason };
  }

  /** Memory may be held by a run that waits, while another is running. */
  #largest(): Culprit | undefined {
    const run = this.#runs.get(this.#memory.mostGrown(this.#runs.values().map(({ job }) => job.runId)) ?? '');
    return run ? { run, fault: 'memory_limit_exceeded' } : this.#suspect('memory_limit_exceeded');
  }

  #onlyRun(): RunInside | undefined {
    const [only, ...others] = this.#runs.values();
    return others.length === 0 && only?.thread.isReady ? only : undefined;
  }
}

interface Route {
  readonly thread: CompartmentThread;
  readonly until: number;
}

/** Whose run it was, and why it ends. */
interface Culprit {
  readonly run: RunInside;
  readonly fault: Fault;
  /** CPU time, where that is known. */
  readonly usedMs?: number;
}
