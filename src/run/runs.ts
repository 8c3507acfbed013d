/** The runs that are going on, and behind them the journal of those that have ended. */
import type { LogLevel, Outcome } from '../../sandbox/index.ts';
import type { ErrorItem } from '../errors.ts';
import type { RunJournal } from './journal.ts';
import type { RunRecord } from './run.ts';

/** What is known of a run before it begins. */
export type Begun = Pick<
  RunRecord,
  '_id' | '_integrationId' | '_connectorId' | 'version' | 'section' | 'function' | 'traceId'
>;

/** How it ended: what the sandbox says, and what its caller is told of it, without secrets. */
export interface Ended {
  readonly outcome: Outcome;
  readonly errors?: readonly ErrorItem[];
  readonly stack?: string;
}

export class Runs {
  readonly #journal: RunJournal;
  readonly #now: () => Date;
  readonly #onSettled: (record: RunRecord) => void;
  readonly #active = new Map<string, ActiveRun>();

  /** @param onSettled told once of each run, when nothing of its record changes any more */
  constructor(journal: RunJournal, now: () => Date, onSettled: (record: RunRecord) => void = () => {}) {
    this.#journal = journal;
    this.#now = now;
    this.#onSettled = onSettled;
  }

  begin(begun: Begun): ActiveRun {
    const onChange = (record: RunRecord, isAtOnce?: boolean): void => {
      if (record.outcome !== 'running') this.#active.delete(record._id);
      this.#journal.put(record, isAtOnce);
    };
    const run = new ActiveRun(begun, this.#now, { onChange, onSettled: this.#onSettled });
    this.#active.set(begun._id, run);
    return run;
  }

  find(integrationId: string, runId: string): RunRecord | undefined {
    const active = this.#active.get(runId)?.record;
    return active?._integrationId === integrationId ? active : this.#journal.find(integrationId, runId);
  }

  /** The last of an integration, oldest first. */
  of(integrationId: string): RunRecord[] {
    return this.#journal.of(integrationId).map((record) => this.#active.get(record._id)?.record ?? record);
  }

  /** The last of an integration. */
  latestOf(integrationId: string): RunRecord | undefined {
    return this.#journal.latestOf(integrationId);
  }

  /** Ends a run that is going on. @returns false if there is none */
  cancel(integrationId: string, runId: string): boolean {
    const run = this.#active.get(runId);
    if (run?.record._integrationId !== integrationId) return false;
    run.cancel();
    return true;
  }
}

export interface RunChanges {
  /** @param isAtOnce it is not to be lost, whenever the process is killed */
  onChange(record: RunRecord, isAtOnce?: boolean): void;
  onSettled(record: RunRecord): void;
}

export class ActiveRun {
  readonly #now: () => Date;
  readonly #changes: RunChanges;
  readonly #cancelled = new AbortController();
  readonly #log: RunRecord['log'][number][] = [];
  readonly #startedAtMs = performance.now();
  #requests = 0;
  #isSettled = false;
  #record: RunRecord;

  constructor(begun: Begun, now: () => Date, changes: RunChanges) {
    this.#now = now;
    this.#changes = changes;
    this.#record = { ...begun, startedAt: now().toISOString(), outcome: 'running', requests: 0, log: [] };
    changes.onChange(this.#record);
  }

  get signal(): AbortSignal {
    return this.#cancelled.signal;
  }

  get record(): RunRecord {
    return { ...this.#record, requests: this.#requests, log: this.#log };
  }

  cancel(): void {
    this.#cancelled.abort();
  }

  /** What a run asks for may be seen outside: that it runs is written before. */
  requested(): void {
    if (this.#requests++ === 0) this.#changes.onChange(this.record, true);
  }

  logged(level: LogLevel, message: string): void {
    this.#log.push({ at: this.#now().toISOString(), level, message });
  }

  progressed(fraction: number, message: string): void {
    this.#record = { ...this.#record, progress: { fraction, message } };
  }

  ended({ outcome, errors, stack }: Ended): void {
    const { spent } = outcome;
    this.#record = {
      ...this.record,
      outcome: outcome.status === 'answered' ? 'succeeded' : outcome.status,
      endedAt: this.#now().toISOString(),
      wallMs: rounded(performance.now() - this.#startedAtMs),
      cpuMs: rounded(spent.cpuMs),
      heapBytes: spent.heapBytes,
      ...(outcome.status === 'faulted' ? { fault: outcome.fault } : {}),
      ...(errors ? { errors } : {}),
      ...(stack ? { stack } : {}),
    };
    this.#changes.onChange(this.#record);
  }

  /** What came of it afterwards: its answer could not be stored, or was not needed. */
  amend(change: Pick<RunRecord, 'outcome' | 'errors'>): void {
    const { errors: _errors, fault: _fault, ...rest } = this.#record;
    this.#record = { ...rest, ...change };
    this.#changes.onChange(this.#record);
  }

  /** Nothing comes of it any more. */
  settled(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#changes.onSettled(this.#record);
  }
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100;
