/**
 * Decides which compartment a run goes to. Each connector gets its own process on demand; a prewarmed one
 * stands ready for the next connector. Idle compartments are released, in the end the prewarmed one, too.
 * At the limit, the longest idle one is released early.
 */
import { existsSync } from 'node:fs';
import {
  type Ask,
  type Job,
  noUsage,
  type Outcome,
  type Sandbox,
  type SandboxUsage,
  type StartHost,
} from '../protocol.ts';
import { Admission, type AdmissionOptions } from './admission.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { Compartment, type CompartmentOptions } from './compartment.ts';
import { fault } from './compartment-run.ts';
import { shares } from './warm-memory.ts';

export interface SupervisorOptions extends CompartmentOptions, AdmissionOptions {
  /** Upper limit of compartments, without the prewarmed one. */
  readonly compartments: number;
  /** Crashes of a connector's compartment per minute before its circuit breaker opens. */
  readonly crashesPerMinute: number;
  /** A compartment without runs for this long is released. */
  readonly idleMs: number;
  /** What all warm isolates together may take, in MiB. */
  readonly warmMb: number;
  /** Keeps a started process ready for the next connector, as long as any connector has a process. */
  readonly prewarmed: boolean;
  /** Called when all processes have exited because nothing has run for `idleMs`, even if none was ever started. */
  readonly onRest?: () => void;
}

const SWEEP_EVERY_MS = 5_000;
/** Load-check processes retained for the next check of the same connector. */
const LOAD_CHECKS_RETAINED = 2;
/** How long an unused load-check process is retained. */
const LOAD_CHECK_IDLE_MS = 2_000;
const WATCH_EVERY_MS = 50;
const MB = 1024 * 1024;
/** Of a compartment's memory for its warm isolates, at most. The rest is for its runs. */
const WARM_PART = 0.75;
const NO_READINGS =
  "Memory and CPU time of connector processes cannot be read from /proc: outside of the heap, only the runs' deadlines limit them.";

export class Supervisor implements Sandbox {
  readonly #options: SupervisorOptions;
  readonly #compartments = new Map<string, Compartment>();
  readonly #all = new Set<Compartment>();
  readonly #startHost: StartHost;
  readonly #admission: Admission;
  readonly #circuitBreaker: CircuitBreaker;
  /** Idle processes of earlier load checks, by connector. */
  readonly #loadChecks = new Map<string, Compartment>();
  #prewarmed: Compartment | undefined;
  /** Why the most recent process did not start; undefined if it did. */
  #startProblem: string | undefined;
  #isClosed = false;
  /** Whether `onRest` is still to be called after the latest activity. */
  #isOnRestDue = true;
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
    // Load checks skip admission and the circuit breaker: no integration uses that code yet.
    const refusal = job.call ? await this.#admit(job) : undefined;
    if (refusal) return refusal;
    try {
      const outcome = await this.#runInCompartment(job, ask);
      if (outcome.status === 'answered') this.#circuitBreaker.succeeded(connectorId);
      return outcome;
    } finally {
      if (job.call) this.#admission.leave(connectorId);
    }
  }

  isCircuitOpen(connectorId: string): boolean {
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
    // Other systems never have readings.
    const hasNoReadings = process.platform === 'linux' && !existsSync('/proc/self/status');
    return [...(this.#startProblem === undefined ? [] : [this.#startProblem]), ...(hasNoReadings ? [NO_READINGS] : [])];
  }

  /** @returns undefined once the run is admitted, or else why it is refused */
  #admit({ bundle: { connectorId }, limits, signal }: Job): Outcome | undefined | Promise<Outcome | undefined> {
    const pauseMs = this.#circuitBreaker.pauseLeftMs(connectorId);
    if (pauseMs > 0) return circuitOpenOutcome(pauseMs);
    if (this.#admission.enter(connectorId)) return undefined;
    return this.#admission.wait(connectorId, limits.timeoutMs, signal).then((isAdmitted) => {
      if (isAdmitted) return undefined;
      if (signal?.aborted) return fault('cancelled');
      return fault('overloaded', noUsage, 'Too many runs of this connector are in flight.');
    });
  }

  #runInCompartment(job: Job, ask: Ask): Promise<Outcome> {
    if (this.#isClosed) return Promise.resolve(fault('sandbox_restarted'));
    if (job.inOwnProcess || (!job.call && !this.#canCheckInPlace(job.bundle.connectorId)))
      return this.#runInOwnProcess(job, ask);
    const compartment = this.#compartmentOf(job.bundle.connectorId);
    this.#watchWhileBusy();
    return compartment.run(job, ask);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    clearInterval(this.#watch);
    const compartments = [...this.#all];
    for (const compartment of compartments) compartment.release();
    await Promise.all(compartments.map((compartment) => compartment.exited));
  }

  #compartmentOf(connectorId: string): Compartment {
    const existing = this.#compartments.get(connectorId);
    if (existing && !existing.isDown) return existing;
    const compartment = this.#evictOrShare(connectorId) ?? this.#takePrewarmed();
    this.#compartments.set(connectorId, compartment);
    this.#shareWarm();
    return compartment;
  }

  /** Tells all compartments in use what their warm isolates may take. */
  #shareWarm(): void {
    const { warmMb, residentMb } = this.#options;
    const inUse = [...new Set(this.#compartments.values())];
    const retained = inUse.map(({ warm }) => warm.retainedBytes);
    const limits = shares(warmMb * MB, retained);
    inUse.forEach(
      (compartment, i) => void compartment.warm.limit(Math.min(limits[i] as number, residentMb * WARM_PART * MB)),
    );
  }

  /** Whether a load check can run in the connector's own compartment without endangering other runs. */
  #canCheckInPlace(connectorId: string): boolean {
    const existing = this.#compartments.get(connectorId);
    return existing ? existing.activeRuns === 0 : this.#compartments.size < this.#options.compartments;
  }

  async #runInOwnProcess(job: Job, ask: Ask): Promise<Outcome> {
    const { connectorId } = job.bundle;
    const retained = this.#loadChecks.get(connectorId);
    const compartment = retained && !retained.isDown ? retained : this.#takePrewarmed();
    // A concurrent check takes another process.
    this.#loadChecks.delete(connectorId);
    this.#watchWhileBusy();
    const outcome = await compartment.run(job, ask);
    // A check that succeeded leaves the process clean, and starting a process costs a hundred times a check.
    if (outcome.status === 'answered') this.#retainLoadCheck(connectorId, compartment);
    else compartment.release();
    return outcome;
  }

  #retainLoadCheck(connectorId: string, compartment: Compartment): void {
    if (compartment.isDown) return;
    if (this.#isClosed || this.#loadChecks.has(connectorId) || this.#loadChecks.size >= LOAD_CHECKS_RETAINED)
      compartment.release();
    else this.#loadChecks.set(connectorId, compartment);
  }

  /** No timer wakes the process while nothing runs. */
  #watchWhileBusy(): void {
    this.#watch ??= setInterval(() => {
      const busy = [...this.#all].filter(({ activeRuns }) => activeRuns > 0);
      for (const compartment of busy) compartment.watch();
      if (busy.length > 0) return;
      clearInterval(this.#watch);
      this.#watch = undefined;
    }, WATCH_EVERY_MS);
  }

  #takePrewarmed(): Compartment {
    const compartment = this.#prewarmed && !this.#prewarmed.isDown ? this.#prewarmed : this.#start();
    this.#prewarmed = undefined;
    if (this.#options.prewarmed) void Promise.race([compartment.ready, compartment.exited]).then(() => this.#prewarm());
    return compartment;
  }

  #start(): Compartment {
    const compartment: Compartment = new Compartment(this.#startHost, this.#options, {
      onCrash: (culprit) => {
        const connectorId = culprit ?? this.#onlyConnectorOf(compartment);
        if (connectorId !== undefined) this.#circuitBreaker.crashed(connectorId);
      },
      onStart: (problem) => {
        this.#startProblem = problem;
      },
      onRetained: () => this.#shareWarm(),
      onExit: () => {
        this.#all.delete(compartment);
        if (this.#prewarmed === compartment) this.#prewarmed = undefined;
        for (const connectorId of this.#connectorsOf(compartment)) this.#compartments.delete(connectorId);
        for (const [connectorId, loadCheck] of this.#loadChecks)
          if (loadCheck === compartment) this.#loadChecks.delete(connectorId);
        this.#shareWarm();
      },
    });
    this.#all.add(compartment);
    this.#isOnRestDue = true;
    return compartment;
  }

  #connectorsOf(compartment: Compartment): string[] {
    return [...this.#compartments].filter(([, value]) => value === compartment).map(([connectorId]) => connectorId);
  }

  #onlyConnectorOf(compartment: Compartment): string | undefined {
    const [only, ...others] = this.#connectorsOf(compartment);
    return others.length === 0 ? only : undefined;
  }

  #prewarm(): void {
    if (!this.#isClosed && !this.#prewarmed) this.#prewarmed = this.#start();
  }

  /**
   * At the limit of compartments, releases the longest idle one. If none is idle, returns the one to share:
   * connectors with recent crashes share with each other first, and then the least used one is taken.
   */
  #evictOrShare(newcomerId: string): Compartment | undefined {
    const running = [...new Set(this.#compartments.values())].filter(({ isDown }) => !isDown);
    if (running.length < this.#options.compartments) return undefined;
    const [longestIdle] = running
      .filter(({ activeRuns }) => activeRuns === 0)
      .sort((a, b) => a.idleSince - b.idleSince);
    if (!longestIdle) {
      const hasCrashed = (connectorId: string): boolean => this.#circuitBreaker.hasCrashedRecently(connectorId);
      const mismatch = (compartment: Compartment): number =>
        Number(this.#connectorsOf(compartment).some(hasCrashed) !== hasCrashed(newcomerId));
      return running.sort((a, b) => mismatch(a) - mismatch(b) || a.activeRuns - b.activeRuns)[0];
    }
    longestIdle.release();
    return undefined;
  }

  #releaseIdle(): void {
    const idleCutoff = performance.now() - this.#options.idleMs;
    for (const compartment of this.#compartments.values()) {
      if (compartment.activeRuns === 0 && compartment.idleSince < idleCutoff) compartment.release();
    }
    const loadCheckCutoff = performance.now() - LOAD_CHECK_IDLE_MS;
    for (const loadCheck of this.#loadChecks.values()) if (loadCheck.idleSince < loadCheckCutoff) loadCheck.release();
    // After so long without a run, the next call may as well wait for its process to start.
    const isAtRest = [...this.#compartments.values()].every(({ isDown }) => isDown);
    if (isAtRest && this.#prewarmed && this.#prewarmed.idleSince < idleCutoff) this.#prewarmed.release();
    if (this.#all.size > 0 || !this.#isOnRestDue || this.#startedAt > idleCutoff) return;
    this.#isOnRestDue = false;
    this.#options.onRest?.();
  }
}

function circuitOpenOutcome(pauseMs: number): Outcome {
  const seconds = Math.ceil(pauseMs / 1_000);
  const message = `The connector keeps crashing its process. Its calls are refused for ${seconds} s.`;
  return { status: 'faulted', fault: 'overloaded', message, usage: noUsage, retryAfterMs: pauseMs };
}
