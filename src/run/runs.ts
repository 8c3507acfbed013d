/** The runs that are going on, and behind them the journal of those that have ended. */
import { setImmediate as turn } from 'node:timers/promises';
import { ById, type LogLevel, type Outcome } from '../../sandbox/index.ts';
import type { ErrorItem } from '../errors.ts';
import { RUNS_RETAINED } from '../store/storage.ts';
import type { RunLine, RunOutcome, RunRecord } from './run.ts';
import type { RunHistory } from './run-history.ts';

/** Kept of a run; its caller may have been told of more. */
const MAX_ERRORS = 10;

/** What is known of a run before it begins. */
export type StartedRun = Pick<
  RunRecord,
  '_id' | '_integrationId' | '_connectorId' | 'version' | 'digest' | 'section' | 'function' | 'traceId'
>;

/** How it ended: what the sandbox says, and what its caller is told of it, without secrets. */
export interface EndedRun {
  readonly outcome: Outcome;
  readonly errors?: readonly ErrorItem[];
  readonly stack?: string;
}

/** Is told of what goes on in runs; texts come without secrets. Must not throw. */
export interface RunListener {
  onStarted(record: RunRecord): void;
  onProgress(record: RunRecord, fraction: number, message: string): void;
  onLine(record: RunRecord, line: RunLine): void;
  /** It has ended, and what came of it is stored. */
  onEnded(record: RunRecord): void;
}

export class Runs {
  readonly #history: RunHistory;
  readonly #now: () => string;
  readonly #listener: RunListener;
  readonly #active = new ById<ActiveRun>();

  constructor(history: RunHistory, now: () => Date, listener: RunListener) {
    this.#history = history;
    this.#now = timestamps(now);
    this.#listener = listener;
  }

  begin(started: StartedRun): ActiveRun {
    const run = new ActiveRun(started, this.#now, this.#listener, {
      onFirstRequest: (record) => this.#history.beginAtOnce(record),
      onConcluded: (record) => {
        this.#active.delete(record._id);
        if (run.isForgotten) this.#history.drop(record._id);
        else this.#history.end(record);
      },
    });
    this.#active.set(started._id, run);
    this.#history.begin(run.record);
    return run;
  }

  /** A run that somebody was shown is there after a kill. */
  async find(integrationId: string, runId: string): Promise<RunRecord | undefined> {
    const active = this.#active.get(runId);
    if (active?.integrationId !== integrationId) return this.#history.find(integrationId, runId);
    const { record } = active;
    if (record.outcome === 'running') await this.#history.beginAtOnce(record);
    return record;
  }

  /**
   * The last of an integration, oldest first, those after an id. With all that they have logged they may
   * be many megabytes: others have their turn between any two.
   */
  async *of(integrationId: string, after = ''): AsyncGenerator<RunRecord> {
    for (const id of await this.#idsOf(integrationId)) {
      const record = id > after ? await this.find(integrationId, id) : undefined;
      if (!record) continue;
      yield record;
      await turn();
    }
  }

  /** The last of an integration. */
  async latestOf(integrationId: string): Promise<RunRecord | undefined> {
    const ended = (await this.#history.newestOf(integrationId)) ?? [];
    const id = this.#activeIdsOf(integrationId).concat(ended).sort().at(-1);
    return id === undefined ? undefined : this.find(integrationId, id);
  }

  /** Removes the runs of an integration that is gone; what still goes on is not kept when it ends. */
  async forget(integrationId: string): Promise<void> {
    for (const run of this.#activeOf(integrationId)) run.isForgotten = true;
    await this.#history.forget(integrationId);
  }

  async #idsOf(integrationId: string): Promise<string[]> {
    return [...(await this.#history.idsOf(integrationId)), ...this.#activeIdsOf(integrationId)]
      .sort()
      .slice(-RUNS_RETAINED);
  }

  #activeIdsOf(integrationId: string): string[] {
    return this.#activeOf(integrationId).map(({ id }) => id);
  }

  #activeOf(id: string): ActiveRun[] {
    return this.#active.values().filter(({ integrationId }) => integrationId === id);
  }

  /** Ends a run that is going on. @returns false if there is none */
  cancel(integrationId: string, runId: string): boolean {
    const run = this.#active.get(runId);
    if (run?.integrationId !== integrationId) return false;
    run.cancel();
    return true;
  }
}

interface RunEvents {
  /** It asks for something for the first time. */
  onFirstRequest(record: RunRecord): Promise<void>;
  onConcluded(record: RunRecord): void;
}

export class ActiveRun {
  readonly #now: () => string;
  readonly #listener: RunListener;
  readonly #events: RunEvents;
  readonly #cancelled = new AbortController();
  readonly #log: RunRecord['log'][number][] = [];
  readonly #startedAtMs = performance.now();
  #requests = 0;
  #record: RunRecord;
  /** Its integration is gone: nothing of it is kept. */
  isForgotten = false;

  constructor(started: StartedRun, now: () => string, listener: RunListener, events: RunEvents) {
    this.#now = now;
    this.#listener = listener;
    this.#events = events;
    this.#record = { ...started, startedAt: now(), outcome: 'running', requests: 0, log: this.#log };
    listener.onStarted(this.#record);
  }

  get id(): string {
    return this.#record._id;
  }

  get integrationId(): string {
    return this.#record._integrationId;
  }

  get outcome(): RunOutcome {
    return this.#record.outcome;
  }

  get signal(): AbortSignal {
    return this.#cancelled.signal;
  }

  get record(): RunRecord {
    return { ...this.#record, requests: this.#requests };
  }

  cancel(): void {
    this.#cancelled.abort();
  }

  /** @returns for the first request a promise: others may see what it does, so that the run is written before it */
  requested(): Promise<void> | undefined {
    return this.#requests++ === 0 ? this.#events.onFirstRequest(this.record) : undefined;
  }

  logged(level: LogLevel, message: string): void {
    const line = { at: this.#now(), level, message };
    this.#log.push(line);
    this.#listener.onLine(this.#record, line);
  }

  progressed(fraction: number, message: string): void {
    this.#record = { ...this.#record, progress: { fraction, message } };
    this.#listener.onProgress(this.#record, fraction, message);
  }

  ended({ outcome, errors, stack }: EndedRun): void {
    const { usage } = outcome;
    this.#record = {
      ...this.#record,
      requests: this.#requests,
      outcome: outcome.status === 'answered' ? 'succeeded' : outcome.status,
      endedAt: this.#now(),
      wallMs: rounded(performance.now() - this.#startedAtMs),
      cpuMs: rounded(usage.cpuMs),
      heapBytes: usage.heapBytes,
      ...(outcome.status === 'faulted' ? { fault: outcome.fault } : {}),
      ...(errors ? { errors: errors.slice(0, MAX_ERRORS) } : {}),
      ...(stack ? { stack } : {}),
    };
  }

  /** What came of it afterwards: its answer could not be stored, or was not needed. */
  amend(change: Pick<RunRecord, 'outcome' | 'errors'>): void {
    const { errors: _errors, fault: _fault, ...rest } = this.#record;
    const { errors } = change;
    this.#record = { ...rest, ...change, ...(errors ? { errors: errors.slice(0, MAX_ERRORS) } : {}) };
  }

  /** Nothing will come of it any more. */
  conclude(): void {
    this.#events.onConcluded(this.#record);
    this.#listener.onEnded(this.#record);
  }
}

/** RFC 3339. All that happens in a millisecond has the same text: to make one takes a microsecond. */
function timestamps(now: () => Date): () => string {
  let ms = Number.NaN;
  let text = '';
  return () => {
    const date = now();
    if (date.getTime() !== ms) {
      ms = date.getTime();
      text = date.toISOString();
    }
    return text;
  };
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100;
