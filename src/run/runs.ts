/** Running runs, and access to the history of ended ones. */
import { setImmediate as turn } from 'node:timers/promises';
import { ById, type LogLevel, type Outcome } from '../../sandbox/index.ts';
import type { ErrorItem } from '../errors.ts';
import type { SharedCancellations } from '../store/shared.ts';
import { RUNS_RETAINED } from '../store/storage.ts';
import type { RunLine, RunOutcome, RunRecord } from './run.ts';
import type { RunHistory } from './run-history.ts';

/** Errors stored per run; the caller may have received more. */
const MAX_ERRORS = 10;

/** What identifies a run when it begins. */
export type StartedRun = Pick<
  RunRecord,
  '_id' | '_integrationId' | '_connectorId' | 'version' | 'digest' | 'section' | 'function' | 'traceId'
>;

/** The sandbox's outcome, and the errors and stack as shown to the caller: without secrets. */
export interface EndedRun {
  readonly outcome: Outcome;
  readonly errors?: readonly ErrorItem[];
  readonly stack?: string;
}

/** Receives run events. Texts contain no secrets. Must not throw. */
export interface RunListener {
  onStarted(record: RunRecord): void;
  onProgress(record: RunRecord, fraction: number, message: string): void;
  onLine(record: RunRecord, line: RunLine): void;
  /** The run has ended, and its changes are stored. */
  onEnded(record: RunRecord): void;
}

export interface RunsOptions {
  readonly history: RunHistory;
  readonly now: () => Date;
  readonly listener: RunListener;
  /** This node's name, for the records. */
  readonly node?: string | undefined;
  /** Undefined if no other node runs anything. */
  readonly cancellations?: SharedCancellations | undefined;
}

export class Runs {
  readonly #history: RunHistory;
  readonly #now: () => string;
  readonly #listener: RunListener;
  readonly #node: Pick<RunRecord, 'node'>;
  readonly #cancellations: SharedCancellations | undefined;
  readonly #active = new ById<ActiveRun>();

  constructor({ history, now, listener, node, cancellations }: RunsOptions) {
    this.#history = history;
    this.#now = timestamps(now);
    this.#listener = listener;
    this.#node = node === undefined ? {} : { node };
    this.#cancellations = cancellations;
    cancellations?.subscribe((integrationId, runId) => this.#cancelHere(integrationId, runId));
  }

  begin(started: StartedRun): ActiveRun {
    const run = new ActiveRun({ ...started, ...this.#node }, this.#now, this.#listener, {
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

  /** With input and answer, if they are stored. */
  async find(integrationId: string, runId: string): Promise<RunRecord | undefined> {
    const active = this.#active.get(runId);
    if (active?.integrationId === integrationId) await active.payloads;
    return this.#find(integrationId, runId);
  }

  /** First writes the run to the history, so that what a client has seen survives a crash. */
  async #find(integrationId: string, runId: string): Promise<RunRecord | undefined> {
    const active = this.#active.get(runId);
    if (active?.integrationId !== integrationId) return this.#history.find(integrationId, runId);
    const { record } = active;
    if (record.outcome === 'running') await this.#history.beginAtOnce(record);
    return record;
  }

  /**
   * The last runs of an integration with an id after `after`, oldest first. Yields to the event loop between
   * runs, because their logs may be many megabytes.
   */
  async *of(integrationId: string, after = ''): AsyncGenerator<RunRecord> {
    for (const id of await this.#idsOf(integrationId)) {
      const record = id > after ? await this.#find(integrationId, id) : undefined;
      if (!record) continue;
      yield record;
      await turn();
    }
  }

  /** The newest run of an integration. */
  async latestOf(integrationId: string): Promise<RunRecord | undefined> {
    const ended = (await this.#history.newestOf(integrationId)) ?? [];
    const id = this.#activeIdsOf(integrationId).concat(ended).sort().at(-1);
    return id === undefined ? undefined : this.#find(integrationId, id);
  }

  /** Removes the runs of a removed integration. Running ones are dropped when they end. */
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

  /** Ends a running run, on whatever node it runs. Does nothing if it has ended. @throws StoreError */
  async cancel(integrationId: string, runId: string): Promise<void> {
    if (!this.#cancelHere(integrationId, runId)) await this.#cancellations?.request(integrationId, runId);
  }

  /** @returns false if this node does not run it */
  #cancelHere(integrationId: string, runId: string): boolean {
    const run = this.#active.get(runId);
    if (run?.integrationId !== integrationId) return false;
    run.cancel();
    return true;
  }
}

interface RunEvents {
  /** Called for the run's first request. */
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
  /** Its integration was removed: keep no record. */
  isForgotten = false;
  /** Not in the record: to mask it there. */
  token = '';
  /** Set when the run has ended, if they are stored: resolves when they are in the record. */
  payloads: Promise<void> | undefined;

  constructor(
    started: StartedRun & Pick<RunRecord, 'node'>,
    now: () => string,
    listener: RunListener,
    events: RunEvents,
  ) {
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

  /** @returns a promise to await before the first request: the run must be recorded before it has effects */
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

  /** Corrects the outcome after `ended`, for example if the result could not be stored. */
  amend(change: Pick<RunRecord, 'outcome' | 'errors'>): void {
    const { errors: _errors, fault: _fault, ...rest } = this.#record;
    const { errors } = change;
    this.#record = { ...rest, ...change, ...(errors ? { errors: errors.slice(0, MAX_ERRORS) } : {}) };
  }

  /** Adds input and answer, then concludes. The run's caller does not wait for that. */
  concludeWith(payloads: Promise<Pick<RunRecord, 'input' | 'answer'>>): void {
    this.payloads = payloads.then((stored) => {
      this.#record = { ...this.#record, ...stored };
      this.conclude();
    });
  }

  /** The record is final. */
  conclude(): void {
    this.#events.onConcluded(this.#record);
    this.#listener.onEnded(this.#record);
  }
}

/** RFC 3339 timestamps. Caches the text per millisecond, because formatting takes a microsecond. */
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
