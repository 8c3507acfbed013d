/**
 * The last runs of each integration, written in batches. Because runs are frequent and rarely read, nothing waits for
 * the disk: records survive a crash of the process, but a power failure may lose the newest.
 */
import { ById } from '../../sandbox/index.ts';
import { RUNS_RETAINED, type RunStore } from '../store/storage.ts';
import { StoreError } from '../store/store.ts';
import type { RunRecord } from './run.ts';

/** Interval of writes of ended runs; a run that runs longer than this is recorded as running. */
const WRITE_EVERY_MS = 20;
/** Retry interval while the store is unavailable. */
const RETRY_EVERY_MS = 1_000;
/** Rows per write (a row belongs to one integration); more would delay calls. */
const ROWS_AT_ONCE = 5;
/** A row of this size gets no more runs, because reading one run reads its whole row. */
const ROW_CHARS = 16 * 1024;
/** Limits of waiting runs and of the characters of their logs. Beyond them, more rows are written at once. */
const MAX_WAITING = 5_000;
const MAX_WAITING_CHARS = 64 * 1024 * 1024;

export class RunHistory {
  readonly #store: RunStore<RunRecord>;
  readonly #onError: (error: unknown) => void;
  /** Running runs that are not written yet, with their start (`performance.now()`). */
  readonly #unwritten = new ById<{ readonly record: RunRecord; readonly at: number }>();
  /** Runs that the store lists as running. */
  readonly #running = new ById<true>();
  /** Ended runs to write, by integration: at most `2 * RUNS_RETAINED` each. */
  readonly #waiting = new ById<RunRecord[]>();
  /** Integrations with waiting runs, longest waiting first. */
  readonly #due: string[] = [];
  /** Ended runs being written. */
  readonly #writing = new ById<RunRecord>();
  #waitingCount = 0;
  #waitingChars = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param onError called if a write fails; runs are not affected */
  constructor(store: RunStore<RunRecord>, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  begin(record: RunRecord): void {
    if (this.#isClosed) return;
    this.#unwritten.set(record._id, { record, at: performance.now() });
    this.#writeSoon();
  }

  /** Once resolved, the run survives a crash as `cut_off`. */
  async beginAtOnce(record: RunRecord): Promise<void> {
    if (this.#isClosed || this.#running.has(record._id)) return;
    await this.#write([this.#asRunning(record)], []);
  }

  end(record: RunRecord): void {
    // The next start lists this run as cut off.
    if (this.#isClosed) return;
    this.#unwritten.delete(record._id);
    this.#wait(record);
    this.#writeSoon();
  }

  #wait(record: RunRecord): void {
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
  }

  /** Removes a running run without a record. */
  drop(runId: string): void {
    this.#unwritten.delete(runId);
    if (!this.#isClosed && this.#running.delete(runId)) void this.#write([], [], [runId]);
  }

  /** First writes the run if it waits, with the rest of its row, so that what a client has seen survives a crash. */
  async find(integrationId: string, runId: string): Promise<RunRecord | undefined> {
    const at = this.#waiting.get(integrationId)?.findIndex(({ _id }) => _id === runId) ?? -1;
    if (at >= 0) await this.#write([], [this.#takeRow(integrationId, at)]);
    const writing = this.#writing.get(runId);
    return writing?._integrationId === integrationId ? writing : this.#store.find(integrationId, runId);
  }

  /** Ids of the last `RUNS_RETAINED` ended runs, oldest first. Writes nothing: the runs may be many megabytes. */
  async idsOf(integrationId: string): Promise<string[]> {
    // Before asking the store: otherwise a run written meanwhile would be in neither.
    const unstored = this.#unstoredIdsOf(integrationId);
    const ids = new Set([...(await this.#store.idsOf(integrationId)), ...unstored]);
    return [...ids].sort().slice(-RUNS_RETAINED);
  }

  async newestOf(integrationId: string): Promise<string | undefined> {
    const unstored = this.#unstoredIdsOf(integrationId);
    const newest = await this.#store.newestOf(integrationId);
    return [...(newest === undefined ? [] : [newest]), ...unstored].sort().at(-1);
  }

  /** Removes all runs of an integration. */
  async forget(integrationId: string): Promise<void> {
    const records = this.#waiting.get(integrationId) ?? [];
    this.#remove(records, 0, records.length);
    this.#forgetWaiting(integrationId);
    await this.#store.forget(integrationId);
  }

  /** Writes everything that waits. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const running = [...this.#unwritten.values()].map(({ record }) => this.#asRunning(record));
    await this.#write(running, []);
    while (this.#due.length > 0) await this.#write([], [this.#takeRow(this.#due[0] as string, 0)]);
  }

  #writeSoon(ms = WRITE_EVERY_MS): void {
    if (!this.#isClosed) this.#timer ??= setTimeout(() => void this.#writeSome(), ms);
  }

  async #writeSome(): Promise<void> {
    const before = performance.now() - WRITE_EVERY_MS;
    const due = [...this.#unwritten.values()].filter(({ at }) => at <= before);
    const running = due.map(({ record }) => this.#asRunning(record));
    const rows: RunRecord[][] = [];
    while (this.#waiting.size > 0 && (rows.length < ROWS_AT_ONCE || this.#isBacklogFull)) {
      rows.push(this.#takeRow(this.#due[0] as string, 0));
    }
    const isWritten = await this.#write(running, rows);
    this.#timer = undefined;
    if (this.#waiting.size > 0 || this.#unwritten.size > 0) this.#writeSoon(isWritten ? undefined : RETRY_EVERY_MS);
  }

  get #isBacklogFull(): boolean {
    return this.#waitingCount > MAX_WAITING || this.#waitingChars > MAX_WAITING_CHARS;
  }

  /**
   * Drops records that cannot be written, because on a full disk they would pile up. While a database is unavailable,
   * they wait for it.
   */
  async #write(
    running: readonly RunRecord[],
    ended: readonly (readonly RunRecord[])[],
    dropped: readonly string[] = [],
  ): Promise<boolean> {
    if (running.length + ended.length + dropped.length === 0) return true;
    const records = ended.flat();
    for (const record of records) this.#writing.set(record._id, record);
    // Most runs end before they are ever stored as running.
    const noLongerRunning = records.filter(({ _id }) => this.#running.delete(_id)).map(({ _id }) => _id);
    let isWritten = true;
    try {
      await this.#store.write({ running, ended, dropped: [...dropped, ...noLongerRunning] });
    } catch (error) {
      isWritten = false;
      this.#onError(error);
      const isOutage = error instanceof StoreError && error.code === 'store_unavailable';
      if (isOutage && !this.#isBacklogFull && !this.#isClosed) this.#putBack(records, noLongerRunning);
    }
    for (const { _id } of records) this.#writing.delete(_id);
    return isWritten;
  }

  #putBack(ended: readonly RunRecord[], stillListed: readonly string[]): void {
    for (const id of stillListed) this.#running.set(id, true);
    for (const record of ended) this.#wait(record);
    this.#writeSoon(RETRY_EVERY_MS);
  }

  #asRunning(record: RunRecord): RunRecord {
    this.#unwritten.delete(record._id);
    this.#running.set(record._id, true);
    return record;
  }

  /** Removes and returns as many waiting runs as fit in a row. */
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

  /** Drops the runs that the store would soon trim. Ids count up. */
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

/** Approximate characters of a record with an empty log. */
const RECORD_CHARS = 500;

/** Approximate characters of a record. */
function charsOf({ log, stack = '', input, answer }: RunRecord): number {
  let chars = RECORD_CHARS + stack.length;
  for (const payload of [input, answer]) if (payload && 'text' in payload) chars += payload.text.length;
  for (const { message } of log) chars += message.length;
  return chars;
}
