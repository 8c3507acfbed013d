/**
 * Which compartment a run goes to: one process per connector, started on demand, with one ready to
 * be taken. Lets go what has been idle, and the longest idle one when there are too many.
 */
import { type Ask, type Job, nothingSpent, type Outcome, type Sandbox, type StartHost } from '../protocol.ts';
import { Admission, type AdmissionOptions } from './admission.ts';
import { Compartment, type CompartmentOptions } from './compartment.ts';
import { HoldBack } from './hold-back.ts';

export interface SupervisorOptions extends CompartmentOptions, AdmissionOptions {
  /** Compartments at the most, the spare one not counted. */
  readonly compartments: number;
  /** How often a connector may bring its compartment down before it is held back. */
  readonly crashesPerMinute: number;
  /** A compartment without a run for this long is let go. */
  readonly idleMs: number;
  /** Keeps a started process ready for the next connector. */
  readonly spare: boolean;
}

const SWEEP_EVERY_MS = 5_000;
const WATCH_EVERY_MS = 50;

export class Supervisor implements Sandbox {
  readonly #options: SupervisorOptions;
  readonly #compartments = new Map<string, Compartment>();
  readonly #all = new Set<Compartment>();
  readonly #startHost: StartHost;
  readonly #admission: Admission;
  readonly #holdBack: HoldBack;
  #spare: Compartment | undefined;
  #closed = false;
  #watch: NodeJS.Timeout | undefined;
  readonly #sweep: NodeJS.Timeout;

  constructor(startHost: StartHost, options: SupervisorOptions) {
    this.#options = Object.freeze({ ...options });
    this.#startHost = startHost;
    this.#admission = new Admission(options);
    this.#holdBack = new HoldBack(options.crashesPerMinute);
    this.#sweep = setInterval(() => this.#letGoIdle(), Math.min(SWEEP_EVERY_MS, options.idleMs));
    this.#sweep.unref();
  }

  async run(job: Job, ask: Ask): Promise<Outcome> {
    const { connectorId } = job.bundle;
    // Only calls are counted and held back: code that is tried, without a call, is not yet anybody's.
    const refusal = job.call ? await this.#admit(job) : undefined;
    if (refusal) return refusal;
    try {
      const outcome = await this.#runInside(job, ask);
      if (outcome.status === 'answered') this.#holdBack.succeeded(connectorId);
      return outcome;
    } finally {
      if (job.call) this.#admission.leave(connectorId);
    }
  }

  isHeld(connectorId: string): boolean {
    return this.#holdBack.isHeld(connectorId);
  }

  /** Resolves to nothing once the run may go in. */
  #admit({ bundle: { connectorId }, limits, signal }: Job): Outcome | undefined | Promise<Outcome | undefined> {
    const pauseMs = this.#holdBack.pauseLeftMs(connectorId);
    if (pauseMs > 0) return heldBack(pauseMs);
    if (this.#admission.enter(connectorId)) return undefined;
    return this.#admission.turn(connectorId, limits.timeoutMs, signal).then((isIn) => {
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
    for (const compartment of all) compartment.letGo();
    await Promise.all(all.map((compartment) => compartment.gone));
  }

  #compartmentOf(connectorId: string): Compartment {
    const present = this.#compartments.get(connectorId);
    if (present && !present.isGone) return present;
    const compartment = this.#roomFor(connectorId) ?? this.#takeSpare();
    this.#compartments.set(connectorId, compartment);
    return compartment;
  }

  /** Whether code that nobody has seen run yet can be tried where it will run, with nobody inside. */
  #hasRoomFor(connectorId: string): boolean {
    const present = this.#compartments.get(connectorId);
    return present ? present.runsInside === 0 : this.#compartments.size < this.#options.compartments;
  }

  async #runAlone(job: Job, ask: Ask): Promise<Outcome> {
    const compartment = this.#takeSpare();
    this.#watchWhileBusy();
    try {
      return await compartment.run(job, ask);
    } finally {
      compartment.letGo();
    }
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

  #takeSpare(): Compartment {
    const compartment = this.#spare && !this.#spare.isGone ? this.#spare : this.#start();
    this.#spare = undefined;
    if (this.#options.spare) void Promise.race([compartment.ready, compartment.gone]).then(() => this.#startSpare());
    return compartment;
  }

  #start(): Compartment {
    const compartment: Compartment = new Compartment(this.#startHost, this.#options, {
      onBroughtDown: (culprit) => {
        const connectorId = culprit ?? this.#onlyConnectorOf(compartment);
        if (connectorId !== undefined) this.#holdBack.crashed(connectorId);
      },
      onGone: () => {
        this.#all.delete(compartment);
        if (this.#spare === compartment) this.#spare = undefined;
        for (const connectorId of this.#connectorsOf(compartment)) this.#compartments.delete(connectorId);
      },
    });
    this.#all.add(compartment);
    return compartment;
  }

  #connectorsOf(compartment: Compartment): string[] {
    return [...this.#compartments].filter(([, its]) => its === compartment).map(([connectorId]) => connectorId);
  }

  #onlyConnectorOf(compartment: Compartment): string | undefined {
    const [only, ...others] = this.#connectorsOf(compartment);
    return others.length === 0 ? only : undefined;
  }

  #startSpare(): void {
    if (!this.#closed && !this.#spare) this.#spare = this.#start();
  }

  /**
   * At the limit, lets the longest idle compartment go; if none is idle, gives one to be shared: those
   * who bring theirs down share with each other first, and of the rest the least used one is taken.
   */
  #roomFor(newcomerId: string): Compartment | undefined {
    const present = [...new Set(this.#compartments.values())].filter(({ isGone }) => !isGone);
    if (present.length < this.#options.compartments) return undefined;
    const [longestIdle] = present
      .filter(({ runsInside }) => runsInside === 0)
      .sort((a, b) => a.idleSince - b.idleSince);
    if (!longestIdle) {
      const crashes = (connectorId: string): boolean => this.#holdBack.crashesLately(connectorId);
      const isUnlike = (compartment: Compartment): number =>
        Number(this.#connectorsOf(compartment).some(crashes) !== crashes(newcomerId));
      return present.sort((a, b) => isUnlike(a) - isUnlike(b) || a.runsInside - b.runsInside)[0];
    }
    longestIdle.letGo();
    return undefined;
  }

  #letGoIdle(): void {
    const before = performance.now() - this.#options.idleMs;
    for (const compartment of this.#compartments.values()) {
      if (compartment.runsInside === 0 && compartment.idleSince < before) compartment.letGo();
    }
  }
}

function refused(fault: 'overloaded' | 'sandbox_restarted' | 'cancelled', message = ''): Outcome {
  return { status: 'faulted', fault, message, spent: nothingSpent };
}

function heldBack(pauseMs: number): Outcome {
  const seconds = Math.ceil(pauseMs / 1_000);
  const message = `The connector keeps bringing its compartment down and is held back for ${seconds} s.`;
  return { status: 'faulted', fault: 'overloaded', message, spent: nothingSpent, retryAfterMs: pauseMs };
}
