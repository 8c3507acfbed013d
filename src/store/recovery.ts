/**
 * Loads the documents at start: first their files, then the logs with commits that had not reached the
 * files. Damaged files are quarantined; everything else loads.
 */
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Low } from 'lowdb';
import { LARGE_BYTES, parseOrUndefined } from '../json.ts';
import { type LogEntry, readLog } from './commit-log.ts';
import { DOCUMENT_SUFFIX, documentPath, integrationsFolder, logNumberOf, quarantinePath } from './data-folder.ts';
import { contentOf, documentFrom } from './document.ts';
import { applyChange, type ChangeJson, isChange } from './document-change.ts';
import { type DocumentCheck, untrustedDocumentProblem } from './document-check.ts';
import { DocumentFile } from './document-file.ts';
import type { DocumentTable } from './document-table.ts';
import { codeOf, removeTemporaries } from './files.ts';
import { migrateDocument } from './migrations.ts';
import { isObjectId } from './object-id.ts';
import { StoreError, type StoreProblem } from './store.ts';
import { type DocumentJson, FORMAT, recordKinds } from './stored.ts';

const READS_AT_ONCE = 32;

export interface RecoveryOptions {
  readonly check?: DocumentCheck;
  /** Called with each document read at start. */
  readonly onRead?: (document: DocumentJson) => void;
}

/** A log with commits that have not all reached their files. */
export interface OldLog {
  readonly path: string;
  readonly bytes: number;
}

/** The result of recovery; the documents themselves are in the table. */
export interface RecoveryResult {
  readonly problems: readonly StoreProblem[];
  /** Integration ids whose file is unreadable or of a newer format, and was left in place. */
  readonly unusable: ReadonlySet<string>;
  /** Ids of documents whose file is out of date. */
  readonly dirty: ReadonlySet<string>;
  /** Oldest first. */
  readonly logs: readonly OldLog[];
  /** Paths of logs with an unusable entry. */
  readonly corruptLogs: ReadonlySet<string>;
  /** Number of the last log. */
  readonly lastLog: number;
}

export async function recover(
  dataFolder: string,
  table: DocumentTable,
  options: RecoveryOptions,
): Promise<RecoveryResult> {
  const recovery = new Recovery(dataFolder, table, options);
  await recovery.read();
  return recovery;
}

class Recovery implements RecoveryResult {
  readonly #dataFolder: string;
  readonly #folder: string;
  readonly #table: DocumentTable;
  readonly #options: RecoveryOptions;
  readonly problems: StoreProblem[] = [];
  readonly unusable = new Set<string>();
  readonly dirty = new Set<string>();
  readonly logs: OldLog[] = [];
  readonly corruptLogs = new Set<string>();
  lastLog = 0;

  constructor(dataFolder: string, table: DocumentTable, options: RecoveryOptions) {
    this.#dataFolder = dataFolder;
    this.#folder = integrationsFolder(dataFolder);
    this.#table = table;
    this.#options = options;
  }

  async read(): Promise<void> {
    for (const folder of [this.#dataFolder, this.#folder]) await removeTemporaries(folder);
    const names = await readdir(this.#folder);
    const ids = names
      .filter((name) => name.endsWith(DOCUMENT_SUFFIX))
      .map((name) => name.slice(0, -DOCUMENT_SUFFIX.length));
    const sortedIds = ids.filter(isObjectId).sort();
    for (let at = 0; at < sortedIds.length; at += READS_AT_ONCE) {
      const batch = sortedIds.slice(at, at + READS_AT_ONCE);
      const files = await Promise.all(
        batch.map((id) => readOrError(new DocumentFile(documentPath(this.#dataFolder, id)))),
      );
      for (const [index, id] of batch.entries()) await this.#load(id, files[index] as FileRead);
    }
    await this.#replay();
  }

  async #load(id: string, file: FileRead): Promise<void> {
    const name = id + DOCUMENT_SUFFIX;
    if (file.error instanceof SyntaxError) return this.#quarantine(name, 'it is not JSON');
    if (file.error !== undefined) {
      return this.#markUnusable(id, `${name} cannot be read (${codeOf(file.error)}); it was left in place.`);
    }
    if (isNewerFormat(file.data)) {
      return this.#markUnusable(id, `${name} has a newer format than this version supports; it was left in place.`);
    }
    const document = migrateDocument(file.data);
    const problem = this.#problemOf(id, document) ?? this.#duplicateIn(document as DocumentJson);
    if (problem) return this.#quarantine(name, problem);
    const isUnchanged = document === file.data;
    this.#addDocument(id, document as DocumentJson, isUnchanged ? file.text : undefined);
    if (!isUnchanged) this.dirty.add(id);
  }

  /** @param text the file's bytes, if the store would write the same */
  #addDocument(id: string, json: DocumentJson, text?: Buffer): void {
    const document = documentFrom(json);
    const content = text !== undefined && text.length <= LARGE_BYTES ? text : contentOf(document, false);
    this.#table.set(id, document, content, false);
    this.#options.onRead?.(json);
  }

  #duplicateIn(json: DocumentJson): string | undefined {
    const { integration } = json;
    const duplicate = [integration._id, ...recordKinds.flatMap((kind) => Object.keys(json[kind]))].find(
      (id) => ![undefined, integration._id].includes(this.#table.ownerOf(id)),
    );
    return duplicate === undefined ? undefined : `${duplicate} is a record of ${this.#table.ownerOf(duplicate)}`;
  }

  #markUnusable(id: string, message: string): void {
    this.unusable.add(id);
    this.problems.push({ name: id + DOCUMENT_SUFFIX, message });
  }

  async #quarantine(name: string, reason: string, folder = this.#folder): Promise<void> {
    const quarantined = quarantinePath(name);
    try {
      await rename(join(folder, name), join(folder, quarantined));
    } catch (error) {
      throw new StoreError('store_unavailable', `${name} is damaged and cannot be set aside (${codeOf(error)}).`, {
        cause: error,
      });
    }
    this.problems.push({ name, message: `${name} is damaged (${reason}); it was set aside as ${quarantined}.` });
  }

  /** Applies the logs, oldest first. */
  async #replay(): Promise<void> {
    const logs = (await readdir(this.#dataFolder)).flatMap((name) => {
      const number = logNumberOf(name);
      return number === undefined ? [] : [{ name, number }];
    });
    for (const { name, number } of logs.sort((a, b) => a.number - b.number)) {
      this.lastLog = number;
      const path = join(this.#dataFolder, name);
      let entries: LogEntry[];
      try {
        entries = await readLog(path);
      } catch (error) {
        // Left in place, a later start could replay it over newer documents.
        await this.#quarantine(name, `it cannot be read: ${codeOf(error)}`, this.#dataFolder);
        continue;
      }
      for (const { integrationId, text } of entries) {
        const problem = this.#apply(integrationId, text);
        if (problem === undefined) continue;
        this.problems.push({
          name,
          message: `${name} has an unusable entry for ${integrationId} (${problem}); the log will be set aside.`,
        });
        this.corruptLogs.add(path);
      }
      this.logs.push({ path, bytes: entries.reduce((sum, { text }) => sum + text.length, 0) });
    }
  }

  /** @returns why the entry is unusable, if it is */
  #apply(id: string, text: Buffer): string | undefined {
    if (text.length === 0) {
      this.#table.delete(id);
    } else {
      const stored = parseOrUndefined(text.toString());
      if (isNewerFormat(stored)) return 'it has a newer format than this version supports';
      const json = migrateDocument(stored);
      const problem = isChange(json) ? this.#applyChange(id, json) : this.#applyWhole(id, json);
      if (problem !== undefined) return problem;
    }
    // The log is newer than the file, so a bad file no longer matters.
    this.unusable.delete(id);
    this.dirty.add(id);
    return undefined;
  }

  #applyWhole(id: string, json: unknown): string | undefined {
    const problem = this.#problemOf(id, json);
    if (problem === undefined) this.#addDocument(id, json as DocumentJson);
    return problem;
  }

  #applyChange(id: string, change: ChangeJson): string | undefined {
    const before = this.#table.get(id);
    if (!before) return 'it changes a document that does not exist';
    const { isChange: _, removed: _removed, keepsSettings: _keeps, ...json } = change;
    const problem = this.#problemOf(id, json);
    if (problem !== undefined) return problem;
    const document = applyChange(before, change);
    this.#table.set(id, document, contentOf(document, this.#table.isLarge(id)), false);
    return undefined;
  }

  #problemOf(integrationId: string, document: unknown): string | undefined {
    return untrustedDocumentProblem(document, this.#options.check, integrationId);
  }
}

interface FileRead {
  readonly data?: unknown;
  readonly text?: Buffer | undefined;
  readonly error?: unknown;
}

async function readOrError(file: DocumentFile): Promise<FileRead> {
  const database = new Low<unknown>(file, {});
  try {
    await database.read();
    return { data: database.data, text: file.text };
  } catch (error) {
    return { error };
  }
}

function isNewerFormat(document: unknown): boolean {
  const format = (document as { format?: unknown } | null | undefined)?.format;
  return typeof format === 'number' && format > FORMAT;
}
