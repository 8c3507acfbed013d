/**
 * The last runs of each integration, written in batches. Runs begin and end often and are looked at seldom, so nothing
 * waits for the disk: a write survives the process, and the last moments before a power failure may be missing.
 */
import { ById } from '../../sandbox/index.ts';
import { RUNS_RETAINED, type RunStore } from '../store/storage.ts';
import type { RunRecord } from './run.ts';

/** Ended runs are written together this often; running ones when they have been running for as long. */
const WRITE_EVERY_MS = 20;
/** Rows per write, each of one integration: more would hold up calls. */
const ROWS_AT_ONCE = 5;
/** A row takes no more runs beyond this: whoever reads one run reads its row. */
const ROW_CHARS = 16 * 1024;
/** Waiting runs, and characters of their logs. Whatever waits beyond that is written, however many rows it takes. */
const MAX_WAITING = 5_000;
const MAX_WAITING_CHARS = 64 * 1024 * 1024;

export class RunHistory {
  readonly #store: RunStore<RunRecord>;
  readonly #onError: (error: unknown) => void;
  /** Running runs that are not written yet, and when they began. */
  readonly #unwritten = new ById<{ readonly record: RunRecord; readonly at: number }>();
  /** Runs that the store has as running. */
  readonly #running = new ById<true>();
  /** Ended runs that are not written yet, by integration: at most twice as many as are retained. */
  readonly #waiting = new ById<RunRecord[]>();
  /** Integrations of waiting runs, longest waiting first. */
  readonly #due: string[] = [];
  /** Ended runs on their way to the store. */
  readonly #writing = new Map<string, RunRecord>();
  #waitingCount = 0;
  #waitingChars = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param onError told what could not be written; runs go on */
  constructor(store: RunStore<RunRecord>, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  begin(record: RunRecord): void {
    if (this.#isClosed) return;
    this.#unwritten.set(record._id, { record, at: performance.now() });
    this.#writeSoon();
  }

  /** Resolves when a kill of the process cannot hide any more that the run was running. */
  async beginAtOnce(record: RunRecord): Promise<void> {
    if (this.#isClosed || this.#running.has(record._id)) return;
    await this.#write([this.#asRunning(record)], []);
  }

  end(record: RunRecord): void {
    // A run that outlives the runtime is listed as cut off at the next start.
    if (this.#isClosed) return;
    this.#unwritten.delete(record._id);
    let records = this.#waiting.get(record._integrationId);
    if (!records) {
      records = [];
      this.#waiting.set(record._integrationId, records);
      this.#due.push(record._integrationId);
    }
    records.push(record);
    this.#waitingCount++;
    this.#waitingChars += charsOf(record);
    if (records.length > 2 * RUNS_RETAINED) this.#dropOldest(records);
    this.#writeSoon();
  }

  /** Leaves no record of a run. */
  drop(runId: string): void {
    this.#unwritten.delete(runId);
    if (!this.#isClosed && this.#running.delete(runId)) void this.#write([], [], [runId]);
  }

  /** Writes a waiting run first, with those of its row: whoever has seen it finds it again after a kill. */
  async find(integrationId: string, runId: string): Promise<RunRecord | undefined> {
    const at = this.#waiting.get(integrationId)?.findIndex(({ _id }) => _id === runId) ?? -1;
    if (at >= 0) await this.#write([], [this.#takeRow(integrationId, at)]);
    return this.#writing.get(runId) ?? this.#store.find(integrationId, runId);
  }

  /** Ids of the last `RUNS_RETAINED` ended runs, oldest first. Writes nothing: the runs may be many megabytes. */
  async idsOf(integrationId: string): Promise<string[]> {
    const written = await this.#store.idsOf(integrationId);
    const ids = new Set([...written, ...this.#unstoredIdsOf(integrationId)]);
    return [...ids].sort().slice(-RUNS_RETAINED);
  }

  async newestOf(integrationId: string): Promise<string | undefined> {
    const newest = await this.#store.newestOf(integrationId);
    return [...(newest === undefined ? [] : [newest]), ...this.#unstoredIdsOf(integrationId)].sort().at(-1);
  }

  integrationIds(): Promise<string[]> {
    return this.#store.integrationIds();
  }

  /** Removes all runs of an integration. */
  async forget(integrationId: string): Promise<void> {
    const records = this.#waiting.get(integrationId) ?? [];
    this.#remove(records, 0, records.length);
    this.#forgetWaiting(integrationId);
    await this.#store.forget(integrationId);
  }

  /** Writes everything. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const running = [...this.#unwritten.values()].map(({ record }) => this.#asRunning(record));
    await this.#write(running, []);
    while (this.#due.length > 0) await this.#write([], [this.#takeRow(this.#due[0] as string, 0)]);
  }

  #writeSoon(): void {
    if (!this.#isClosed) this.#timer ??= setTimeout(() => void this.#writeSome(), WRITE_EVERY_MS);
  }

  async #writeSome(): Promise<void> {
    const before = performance.now() - WRITE_EVERY_MS;
    const due = [...this.#unwritten.values()].filter(({ at }) => at <= before);
    const running = due.map(({ record }) => this.#asRunning(record));
    const rows: RunRecord[][] = [];
    while (this.#waiting.size > 0 && (rows.length < ROWS_AT_ONCE || this.#isBacklogFull)) {
      rows.push(this.#takeRow(this.#due[0] as string, 0));
    }
    await this.#write(running, rows);
    this.#timer = undefined;
    if (this.#waiting.size > 0 || this.#unwritten.size > 0) this.#writeSoon();
  }

  get #isBacklogFull(): boolean {
    return this.#waitingCount > MAX_WAITING || this.#waitingChars > MAX_WAITING_CHARS;
  }

  /** What cannot be written is lost: on a full disk it would only pile up. */
  async #write(
    running: readonly RunRecord[],
    ended: readonly (readonly RunRecord[])[],
    dropped: readonly string[] = [],
  ): Promise<void> {
    if (running.length + ended.length + dropped.length === 0) return;
    const records = ended.flat();
    for (const record of records) {
      this.#running.delete(record._id);
      this.#writing.set(record._id, record);
    }
    try {
      await this.#store.write({ running, ended, dropped });
    } catch (error) {
      this.#onError(error);
    }
    for (const { _id } of records) this.#writing.delete(_id);
  }

  #asRunning(record: RunRecord): RunRecord {
    this.#unwritten.delete(record._id);
    this.#running.set(record._id, true);
    return record;
  }

  /** As many waiting runs as go into a row. */
  #takeRow(integrationId: string, from: number): RunRecord[] {
    const records = this.#waiting.get(integrationId) as RunRecord[];
    let to = from;
    for (let chars = 0; to < records.length && chars < ROW_CHARS; to++) chars += charsOf(records[to] as RunRecord);
    const row = this.#remove(records, from, to - from);
    if (records.length === 0) this.#forgetWaiting(integrationId);
    return row;
  }

  #unstoredIdsOf(integrationId: string): string[] {
    const writing = [...this.#writing.values()].filter((record) => record._integrationId === integrationId);
    return [...(this.#waiting.get(integrationId) ?? []), ...writing].map(({ _id }) => _id);
  }

  /** They would be removed again: ids count up. */
  #dropOldest(records: RunRecord[]): void {
    records.sort((a, b) => (a._id < b._id ? -1 : 1));
    for (const { _id } of this.#remove(records, 0, records.length - RUNS_RETAINED)) this.drop(_id);
  }

  #remove(records: RunRecord[], from: number, count: number): RunRecord[] {
    const removed = records.splice(from, count);
    this.#waitingCount -= removed.length;
    for (const record of removed) this.#waitingChars -= charsOf(record);
    return removed;
  }

  #forgetWaiting(integrationId: string): void {
    this.#waiting.delete(integrationId);
    const index = this.#due.indexOf(integrationId);
    if (index >= 0) this.#due.splice(index, 1);
  }
}

/** A record with an empty log. */
const RECORD_CHARS = 500;

/** About how long its text is. */
function charsOf({ log, stack = '' }: RunRecord): number {
  let chars = RECORD_CHARS + stack.length;
  for (const { message } of log) chars += message.length;
  return chars;
}
