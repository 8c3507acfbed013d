/** Rotates the commit logs: commits go to the current log, older logs wait until a checkpoint has written their documents. */
import { rename, rm } from 'node:fs/promises';
import type { Adapter } from 'lowdb';
import { CommitLog, type NewEntry } from './commit-log.ts';
import { logPath, quarantinePath } from './data-folder.ts';
import { asStoreError, syncFolder } from './files.ts';
import type { OldLog, RecoveryResult } from './recovery.ts';

/** With this many old logs, keep using the current one until a checkpoint succeeds. */
const MAX_OLD_LOGS = 16;

/** A lowdb adapter: `Low.write` appends its data, which is one commit. Only recovery reads logs. */
export class LogRotation implements Adapter<NewEntry> {
  readonly #dataFolder: string;
  #current: CommitLog | undefined;
  #opening: Promise<CommitLog> | undefined;
  /** Oldest first. */
  readonly #old: OldLog[] = [];
  /** Paths of old logs with an unusable entry: quarantined instead of deleted. */
  readonly #corrupt = new Set<string>();
  #lastNumber = 0;

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder;
  }

  /** Takes over the logs of the last process. */
  adopt({ logs, corruptLogs, lastLog }: RecoveryResult): void {
    for (const path of corruptLogs) this.#corrupt.add(path);
    this.#old.push(...logs);
    this.#lastNumber = lastLog;
  }

  get hasOld(): boolean {
    return this.#old.length > 0;
  }

  /** Size of all logs. */
  get bytes(): number {
    return this.#old.reduce((sum, { bytes }) => sum + bytes, this.#current?.bytes ?? 0);
  }

  /** Size of the log that commits go to. */
  get currentBytes(): number {
    return this.#current?.bytes ?? 0;
  }

  async read(): Promise<null> {
    return null;
  }

  /** Durable when it resolves. @throws StoreError */
  async write(entry: NewEntry): Promise<void> {
    const log = this.#current ?? (await this.#open());
    await log.append(entry);
  }

  /** Directs the next commits to a new log. */
  async rotate(): Promise<void> {
    const before = this.#current;
    if (!before || before.bytes === 0 || this.#old.length >= MAX_OLD_LOGS) return;
    await this.#open();
    this.#old.push(before);
    await before.close();
  }

  /** Call when all their documents are in their files. */
  async removeOld(): Promise<void> {
    for (const { path } of [...this.#old]) {
      if (this.#corrupt.has(path)) await rename(path, quarantinePath(path));
      else await rm(path, { force: true });
      await syncFolder(this.#dataFolder);
      this.#old.shift();
    }
  }

  /** @param isWritten whether the files have all documents, so that the current log can go */
  async close(isWritten: boolean): Promise<void> {
    if (!this.#current) return;
    await this.#current.close();
    if (isWritten) await rm(this.#current.path, { force: true });
  }

  async #open(): Promise<CommitLog> {
    this.#opening ??= CommitLog.create(this.#dataFolder, logPath(this.#dataFolder, ++this.#lastNumber))
      .catch((error) => {
        throw asStoreError(error);
      })
      .finally(() => {
        this.#opening = undefined;
      });
    this.#current = await this.#opening;
    return this.#current;
  }
}
