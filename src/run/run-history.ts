/**
 * The last runs of each integration. They are told of often and asked for seldom, and the last moments
 * of a machine that loses its power may be missing: what is written survives the process, without the
 * wait for the disk that documents get.
 */
import { basename } from 'node:path';
import { ById } from '../../sandbox/index.ts';
import { openOrQuarantine } from '../store/database-file.ts';
import type { RunRecord } from './run.ts';
import { RUNS_RETAINED, RunTable } from './run-table.ts';

/** Runs are written together this often, those that go on when they have done so for as long. */
const WRITE_EVERY_MS = 20;
/** So many rows at a time, each of one integration: who writes more holds up the calls. */
const ROWS_AT_ONCE = 5;
/** A row with so much in it takes no more runs: whoever looks for one reads the others, too. */
const ROW_CHARS = 16 * 1024;
/** What waits beyond this is written, however many rows that are: runs, and characters of what they logged. */
const WAITING = 5_000;
const WAITING_CHARS = 64 * 1024 * 1024;

export class RunHistory {
  readonly #table: RunTable;
  readonly #onError: (error: unknown) => void;
  /** Runs that go on and are not written, with the time at which they began. */
  readonly #unwritten = new ById<{ readonly record: RunRecord; readonly at: number }>();
  /** Runs that are written as going on. */
  readonly #running = new ById<true>();
  /** Runs that have ended and are not written, by integration: of each no more than are kept, and as many again. */
  readonly #waiting = new ById<RunRecord[]>();
  /** Their integrations, those that have waited longest first. */
  readonly #due: string[] = [];
  #waitingCount = 0;
  #waitingChars = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Opens the journal, or makes one. The integrations need it not: a file that is no journal is set aside,
   * and with one that cannot be used at the moment the runs are kept in memory.
   *
   * @param onError what could not be written; the runs themselves are not held up by it
   * @returns with a sentence on what is amiss
   */
  static open(file: string, onError: (error: unknown) => void): { history: RunHistory; problem?: string } {
    const name = basename(file);
    let problem: string | undefined;
    const onQuarantine = (quarantined: string, reason: string): void => {
      problem = `${name} is damaged (${reason}); it was set aside as ${basename(quarantined)}.`;
    };
    const opened = (path: string): RunTable => new RunTable(path);
    try {
      const table = openOrQuarantine(file, opened, onQuarantine);
      return { history: new RunHistory(table, onError), ...(problem === undefined ? {} : { problem }) };
    } catch (error) {
      problem = `${name} cannot be used (${(error as Error).message}); runs are kept in memory until the next start.`;
      return { history: new RunHistory(opened(':memory:'), onError), problem };
    }
  }

  private constructor(table: RunTable, onError: (error: unknown) => void) {
    this.#table = table;
    this.#onError = onError;
  }

  begin(record: RunRecord): void {
    if (!this.#table.isOpen) return;
    this.#unwritten.set(record._id, { record, at: performance.now() });
    this.#writeSoon();
  }

  /** That it goes on is not to be lost, whenever the process is killed. */
  beginAtOnce(record: RunRecord): void {
    if (!this.#table.isOpen || this.#running.has(record._id)) return;
    this.#write(() => this.#writeRunning(record));
  }

  end(record: RunRecord): void {
    // A run that outlives the runtime is listed as cut off at the next start.
    if (!this.#table.isOpen) return;
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

  /** Nothing of a run is kept. */
  drop(runId: string): void {
    this.#unwritten.delete(runId);
    if (this.#table.isOpen && this.#running.has(runId)) this.#write(() => this.#removeRunning(runId));
  }

  /** Written if it was not, with those that go into its row: whoever was shown it finds it again after a kill. */
  find(integrationId: string, runId: string): RunRecord | undefined {
    const at = this.#waiting.get(integrationId)?.findIndex(({ _id }) => _id === runId) ?? -1;
    if (at >= 0) this.#write(() => this.#writeRow(integrationId, at));
    return this.#table.find(integrationId, runId);
  }

  /** Ids of the last `RUNS_KEPT` that have ended, oldest first. Nothing is written: they may be many megabytes. */
  idsOf(integrationId: string): string[] {
    const waiting = this.#waiting.get(integrationId)?.map(({ _id }) => _id) ?? [];
    const written = this.#table.idsOf(integrationId);
    return waiting.length === 0 ? written : [...written, ...waiting].sort().slice(-RUNS_RETAINED);
  }

  /** The id of the last that has ended. */
  newestOf(integrationId: string): string | undefined {
    let newest = this.#table.newestOf(integrationId);
    for (const { _id } of this.#waiting.get(integrationId) ?? [])
      if (newest === undefined || _id > newest) newest = _id;
    return newest;
  }

  /** The integrations that have runs. */
  integrationIds(): string[] {
    return this.#table.integrationIds();
  }

  /** Removes the runs of an integration. */
  forget(integrationId: string): void {
    const records = this.#waiting.get(integrationId) ?? [];
    this.#remove(records, 0, records.length);
    this.#forgetWaiting(integrationId);
    this.#table.forget(integrationId);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#write(() => {
      for (const { record } of this.#unwritten.values()) this.#writeRunning(record);
    });
    for (const integrationId of [...this.#due]) this.#writeOf(integrationId);
    this.#table.close();
  }

  #writeSoon(): void {
    this.#timer ??= setTimeout(() => this.#writeSome(), WRITE_EVERY_MS);
  }

  #writeSome(): void {
    this.#timer = undefined;
    const before = performance.now() - WRITE_EVERY_MS;
    this.#write(() => {
      for (const { record, at } of this.#unwritten.values()) {
        if (at <= before) this.#writeRunning(record);
      }
      for (let rows = 0; this.#waiting.size > 0 && (rows < ROWS_AT_ONCE || this.#isTooMuch); rows++) {
        this.#writeRow(this.#due[0] as string);
      }
    });
    if (this.#waiting.size > 0 || this.#unwritten.size > 0) this.#writeSoon();
  }

  get #isTooMuch(): boolean {
    return this.#waitingCount > WAITING || this.#waitingChars > WAITING_CHARS;
  }

  #writeOf(integrationId: string): void {
    if (!this.#waiting.has(integrationId)) return;
    this.#write(() => {
      while (this.#waiting.has(integrationId)) this.#writeRow(integrationId);
    });
  }

  /** What is taken does not wait any more, whether it can be written or not: the disk may be full. */
  #writeRow(integrationId: string, from = 0): void {
    const records = this.#waiting.get(integrationId) as RunRecord[];
    const row = this.#take(records, from);
    if (records.length === 0) this.#forgetWaiting(integrationId);
    this.#table.writeEnded(integrationId, row);
    for (const { _id } of row) this.#removeRunning(_id);
  }

  /** As many as go into a row. */
  #take(records: RunRecord[], from: number): RunRecord[] {
    let to = from;
    for (let chars = 0; to < records.length && chars < ROW_CHARS; to++) chars += charsOf(records[to] as RunRecord);
    return this.#remove(records, from, to - from);
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

  #writeRunning(record: RunRecord): void {
    this.#unwritten.delete(record._id);
    this.#running.set(record._id, true);
    this.#table.writeRunning(record);
  }

  #removeRunning(runId: string): void {
    if (this.#running.delete(runId)) this.#table.removeRunning(runId);
  }

  #write(work: () => void): void {
    try {
      this.#table.transaction(work);
    } catch (error) {
      this.#onError(error);
    }
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
