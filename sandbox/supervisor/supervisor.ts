/**
 * Which compartment a run goes to: one process per connector, started on demand, with one ready to
 * be taken. Lets go what has been idle, in the end the ready one as well, and the longest idle one when
 * there are too many.
 */
import { existsSync } from 'node:fs';
import {
  type Ask,
  type Job,
  nothingSpent,
  type Outcome,
  type Sandbox,
  type SandboxUsage,
  type StartHost,
} from '../protocol.ts';
import { Admission, type AdmissionOptions } from './admission.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { Compartment, type CompartmentOptions } from './compartment.ts';

export interface SupervisorOptions extends CompartmentOptions, AdmissionOptions {
  /** Compartments at the most, the spare one not counted. */
  readonly compartments: number;
  /** How often a connector may bring its compartment down before it is held back. */
  readonly crashesPerMinute: number;
  /** A compartment without a run for this long is let go. */
  readonly idleMs: number;
  /** Keeps a started process ready for the next connector, until no connector has one any more. */
  readonly prewarmed: boolean;
  /** Called when the last process has gone because nothing has run for `idleMs`, also if none was ever started. */
  readonly onRest?: () => void;
}

const SWEEP_EVERY_MS = 5_000;
/** Processes in which replacements are tried, kept for the next one of the same connector: how many, how long. */
const LOAD_CHECKS_RETAINED = 2;
const LOAD_CHECK_IDLE_MS = 2_000;
const WATCH_EVERY_MS = 50;
const NO_READINGS =
  "Memory and CPU time of connectors' processes cannot be read from /proc: what they take outside of the heap is held by their deadlines alone.";

export class Supervisor implements Sandbox {
  readonly #options: SupervisorOptions;
  readonly #compartments = new Map<string, Compartment>();
  readonly #all = new Set<Compartment>();
  readonly #startHost: StartHost;
  readonly #admission: Admission;
  readonly #circuitBreaker: CircuitBreaker;
  /** Where a replacement of a connector's code was tried last, with nobody inside. */
  readonly #loadChecks = new Map<string, Compartment>();
  #prewarmed: Compartment | undefined;
  /** Why the last process that should have started has not. */
  #startProblem: string | undefined;
  #closed = false;
  /** Nobody has been told of the rest that follows. */
  #hasWorked = true;
  readonly #startedAt = performance.now();
  #watch: NodeJS.Timeout | undefined;
  readonly #sweep: NodeJS.Timeout;

  constructor(startHost: StartHost, options: SupervisorOptions) {
    this.#options = Object.freeze({ ...options });
    this.#startHost = startHost;
    this.#admission = new Admission(options);
    this.#circuitBreaker = new CircuitBreaker(options.crashesPerMinute);
    this.#sweep = setInterval(() => this.#releaseIdle(), Math.min(SWEEP_EVERY_MS, options.idleMs));
    this.#sweep.unref();
  }

  async run(job: Job, ask: Ask): Promise<Outcome> {
    const { connectorId } = job.bundle;
    // Only calls are counted and held back: code that is tried, without a call, is not yet anybody's.
    const refusal = job.call ? await this.#admit(job) : undefined;
    if (refusal) return refusal;
    try {
      const outcome = await this.#runInside(job, ask);
      if (outcome.status === 'answered') this.#circuitBreaker.succeeded(connectorId);
      return outcome;
    } finally {
      if (job.call) this.#admission.leave(connectorId);
    }
  }

  isHeld(connectorId: string): boolean {
    return this.#circuitBreaker.isOpen(connectorId);
  }

  usage(): SandboxUsage {
    return {
      runsInFlight: this.#admission.inFlight,
      runsWaiting: this.#admission.waiting,
      compartments: this.#all.size,
    };
  }

  problems(): readonly string[] {
    // Elsewhere there never is a reading.
    const isBlind = process.platform === 'linux' && !existsSync('/proc/self/status');
    return [...(this.#startProblem === undefined ? [] : [this.#startProblem]), ...(isBlind ? [NO_READINGS] : [])];
  }

  /** Resolves to nothing once the run may go in. */
  #admit({ bundle: { connectorId }, limits, signal }: Job): Outcome | undefined | Promise<Outcome | undefined> {
    const pauseMs = this.#circuitBreaker.pauseLeftMs(connectorId);
    if (pauseMs > 0) return circuitOpen(pauseMs);
    if (this.#admission.enter(connectorId)) return undefined;
    return this.#admission.wait(connectorId, limits.timeoutMs, signal).then((isIn) => {
      if (isIn) return undefined;
      if (signal?.aborted) return refused('cancelled');
      return refused('overloaded', 'Too many runs of this connector are in flight.');
    });
  }

  #runInside(job: Job, ask: Ask): Promise<Outcome> {
    if (this.#closed) return Promise.resolve(refused('sandbox_restarted'));
    if (job.alone || (!job.call && !this.#hasRoomFor(job.bundle.connectorId))) return this.#runAlone(job, ask);
    const compartment = this.#compartmentOf(job.bundle.connectorId);
    this.#watchWhileBusy();
    return compartment.run(job, ask);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweep);
    clearInterval(this.#watch);
    const all = [...this.#all];
    for (const compartment of all) compartment.release();
    await Promise.all(all.map((compartment) => compartment.gone));
  }

  #compartmentOf(connectorId: string): Compartment {
    const present = this.#compartments.get(connectorId);
    if (present && !present.isGone) return present;
    const compartment = this.#makeRoomFor(connectorId) ?? this.#takePrewarmed();
    this.#compartments.set(connectorId, compartment);
    return compartment;
  }

  /** Whether code that nobody has seen run yet can be tried where it will run, with nobody inside. */
  #hasRoomFor(connectorId: string): boolean {
    const present = this.#compartments.get(connectorId);
    return present ? present.runsInside === 0 : this.#compartments.size < this.#options.compartments;
  }

  async #runAlone(job: Job, ask: Ask): Promise<Outcome> {
    const { connectorId } = job.bundle;
    const kept = this.#loadChecks.get(connectorId);
    const compartment = kept && !kept.isGone ? kept : this.#takePrewarmed();
    // Whoever tries another meanwhile takes another.
    this.#loadChecks.delete(connectorId);
    this.#watchWhileBusy();
    const outcome = await compartment.run(job, ask);
    // Code that has done nothing wrong leaves nothing behind; a process costs a hundred times a check.
    if (outcome.status === 'answered') this.#retainLoadCheck(connectorId, compartment);
    else compartment.release();
    return outcome;
  }

  #retainLoadCheck(connectorId: string, compartment: Compartment): void {
    if (compartment.isGone) return;
    if (this.#closed || this.#loadChecks.has(connectorId) || this.#loadChecks.size >= LOAD_CHECKS_RETAINED)
      compartment.release();
    else this.#loadChecks.set(connectorId, compartment);
  }

  /** Nothing is watched, and nobody woken, while nothing runs. */
  #watchWhileBusy(): void {
    this.#watch ??= setInterval(() => {
      const busy = [...this.#all].filter(({ runsInside }) => runsInside > 0);
      for (const compartment of busy) compartment.watch();
      if (busy.length > 0) return;
      clearInterval(this.#watch);
      this.#watch = undefined;
    }, WATCH_EVERY_MS);
  }

  #takePrewarmed(): Compartment {
    const compartment = this.#prewarmed && !this.#prewarmed.isGone ? this.#prewarmed : this.#start();
    this.#prewarmed = undefined;
    if (this.#options.prewarmed) void Promise.race([compartment.ready, compartment.gone]).then(() => this.#prewarm());
    return compartment;
  }

  #start(): Compartment {
    const compartment: Compartment = new Compartment(this.#startHost, this.#options, {
      onBroughtDown: (culprit) => {
        const connectorId = culprit ?? this.#onlyConnectorOf(compartment);
        if (connectorId !== undefined) this.#circuitBreaker.crashed(connectorId);
      },
      onStart: (problem) => {
        this.#startProblem = problem;
      },
      onGone: () => {
        this.#all.delete(compartment);
        if (this.#prewarmed === compartment) this.#prewarmed = undefined;
        for (const connectorId of this.#connectorsOf(compartment)) this.#compartments.delete(connectorId);
        for (const [connectorId, loadCheck] of this.#loadChecks)
          if (loadCheck === compartment) this.#loadChecks.delete(connectorId);
      },
    });
    this.#all.add(compartment);
    this.#hasWorked = true;
    return compartment;
  }

  #connectorsOf(compartment: Compartment): string[] {
    return [...this.#compartments].filter(([, its]) => its === compartment).map(([connectorId]) => connectorId);
  }

  #onlyConnectorOf(compartment: Compartment): string | undefined {
    const [only, ...others] = this.#connectorsOf(compartment);
    return others.length === 0 ? only : undefined;
  }

  #prewarm(): void {
    if (!this.#closed && !this.#prewarmed) this.#prewarmed = this.#start();
  }

  /**
   * At the limit, lets the longest idle compartment go; if none is idle, gives one to be shared: those
   * who bring theirs down share with each other first, and of the rest the least used one is taken.
   */
  #makeRoomFor(newcomerId: string): Compartment | undefined {
    const present = [...new Set(this.#compartments.values())].filter(({ isGone }) => !isGone);
    if (present.length < this.#options.compartments) return undefined;
    const [longestIdle] = present
      .filter(({ runsInside }) => runsInside === 0)
      .sort((a, b) => a.idleSince - b.idleSince);
    if (!longestIdle) {
      const crashes = (connectorId: string): boolean => this.#circuitBreaker.hasCrashedRecently(connectorId);
      const isUnlike = (compartment: Compartment): number =>
        Number(this.#connectorsOf(compartment).some(crashes) !== crashes(newcomerId));
      return present.sort((a, b) => isUnlike(a) - isUnlike(b) || a.runsInside - b.runsInside)[0];
    }
    longestIdle.release();
    return undefined;
  }

  #releaseIdle(): void {
    const before = performance.now() - this.#options.idleMs;
    for (const compartment of this.#compartments.values()) {
      if (compartment.runsInside === 0 && compartment.idleSince < before) compartment.release();
    }
    const triedBefore = performance.now() - LOAD_CHECK_IDLE_MS;
    for (const loadCheck of this.#loadChecks.values()) if (loadCheck.idleSince < triedBefore) loadCheck.release();
    // Where nothing has run for so long, the next call may as well wait for its process to start.
    const isAtRest = [...this.#compartments.values()].every(({ isGone }) => isGone);
    if (isAtRest && this.#prewarmed && this.#prewarmed.idleSince < before) this.#prewarmed.release();
    if (this.#all.size > 0 || !this.#hasWorked || this.#startedAt > before) return;
    this.#hasWorked = false;
    this.#options.onRest?.();
  }
}

function refused(fault: 'overloaded' | 'sandbox_restarted' | 'cancelled', message = ''): Outcome {
  return { status: 'faulted', fault, message, spent: nothingSpent };
}

function circuitOpen(pauseMs: number): Outcome {
  const seconds = Math.ceil(pauseMs / 1_000);
  const message = `The connector keeps bringing its compartment down and is held back for ${seconds} s.`;
  return { status: 'faulted', fault: 'overloaded', message, spent: nothingSpent, retryAfterMs: pauseMs };
}
