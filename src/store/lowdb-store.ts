/** The store on disk: a lowdb database per integration, each a file of its own. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Low } from 'lowdb';
import { Compile } from 'typebox/compile';
import { DocumentFile, isTemporary } from './document-file.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { isObjectId } from './object-id.ts';
import {
  byAge,
  type Change,
  Document,
  FORMAT,
  recordIdsOf,
  recordKinds,
  type Store,
  type Stored,
  StoreError,
  type StoreProblem,
} from './store.ts';

const SUFFIX = '.json';
const READS_AT_ONCE = 32;
const validDocument = Compile(Document);

/** Says what is wrong with a document beyond its shape, in a sentence. */
export type DocumentCheck = (document: Document) => string | undefined;

/** Opens, and holds the lock on, a data folder. A damaged file is set aside and harms nothing else. */
export async function openLowdbStore(folder: string, check: DocumentCheck = () => undefined): Promise<Store> {
  await mkdir(join(folder, 'integrations'), { recursive: true, mode: 0o700 });
  const lock = lockFolder(folder);
  try {
    const store = new LowdbStore(folder, lock, check);
    await store.load();
    return store;
  } catch (error) {
    lock.release();
    throw error;
  }
}

class LowdbStore implements Store {
  readonly problems: StoreProblem[] = [];
  readonly #folder: string;
  readonly #lock: FolderLock;
  readonly #check: DocumentCheck;
  readonly #databases = new Map<string, Low<Document>>();
  /** The last commit of each integration that has one going. */
  readonly #queues = new Map<string, Promise<unknown>>();
  /** Whose each record is. */
  readonly #owners = new Map<string, string>();
  #closed = false;

  constructor(folder: string, lock: FolderLock, check: DocumentCheck) {
    this.#folder = join(folder, 'integrations');
    this.#lock = lock;
    this.#check = check;
  }

  async get(integrationId: string): Promise<Document | undefined> {
    return this.#databases.get(integrationId)?.data;
  }

  async list(): Promise<readonly Stored[]> {
    return [...this.#databases.values()].map(({ data }) => data.integration).sort(byAge);
  }

  async documents(): Promise<readonly Document[]> {
    return [...this.#databases.values()].map(({ data }) => data);
  }

  async ownerOf(recordId: string): Promise<string | undefined> {
    return this.#owners.get(recordId);
  }

  commit(integrationId: string, change: Change): Promise<Document | undefined> {
    const before = this.#queues.get(integrationId);
    const commit = before
      ? before.then(
          () => this.#write(integrationId, change),
          () => this.#write(integrationId, change),
        )
      : this.#write(integrationId, change);
    this.#queues.set(integrationId, commit);
    const clear = (): void => {
      if (this.#queues.get(integrationId) === commit) this.#queues.delete(integrationId);
    };
    commit.then(clear, clear);
    return commit;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#queues.values());
    this.#lock.release();
  }

  async #write(integrationId: string, change: Change): Promise<Document | undefined> {
    if (this.#closed) throw new StoreError('store_unavailable', 'The store is closed.');
    const current = this.#databases.get(integrationId)?.data;
    const next = change(current);
    if (next === current) return current;
    const file = this.#fileOf(integrationId);
    if (next) this.#assertFits(integrationId, next);
    try {
      if (next) {
        const database = new Low(file, next);
        await database.write();
        this.#databases.set(integrationId, database);
      } else {
        await file.remove();
        this.#databases.delete(integrationId);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const full = code === 'ENOSPC' || code === 'EDQUOT';
      throw new StoreError(full ? 'store_full' : 'store_unavailable', `The store was not written (${code}).`, {
        cause: error,
      });
    }
    if (hasOtherRecords(current, next)) {
      for (const id of recordIdsOf(current)) this.#owners.delete(id);
      for (const id of recordIdsOf(next)) this.#owners.set(id, integrationId);
    }
    return next;
  }

  /** What is written has to be readable again: a failure here is a bug of ours, found in time. */
  #assertFits(integrationId: string, document: Document): void {
    const problem = this.#problemOf(integrationId, document);
    if (problem) throw new Error(`document ${integrationId} does not fit its schema: ${problem}`);
  }

  #problemOf(integrationId: string, document: unknown): string | undefined {
    if (!validDocument.Check(document)) {
      const [error] = validDocument.Errors(document);
      return `${error?.instancePath || 'the document'} ${error?.message}`;
    }
    const checked = document as unknown as Document;
    if (checked.integration._id !== integrationId) return `it is the integration ${checked.integration._id}`;
    return this.#check(checked);
  }

  #fileOf(integrationId: string): DocumentFile<Document> {
    return new DocumentFile<Document>(join(this.#folder, integrationId + SUFFIX));
  }

  async load(): Promise<void> {
    const names = await readdir(this.#folder);
    for (const name of names) if (isTemporary(name)) await rm(join(this.#folder, name), { force: true });
    const ids = names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length));
    const wanted = ids.filter(isObjectId).sort();
    for (let at = 0; at < wanted.length; at += READS_AT_ONCE) {
      await Promise.all(wanted.slice(at, at + READS_AT_ONCE).map((id) => this.#read(id)));
    }
  }

  async #read(integrationId: string): Promise<void> {
    const file = this.#fileOf(integrationId);
    const name = integrationId + SUFFIX;
    let document: unknown;
    try {
      document = await file.read();
    } catch (error) {
      if (error instanceof SyntaxError) return this.#setAside(name, 'it is not JSON');
      const { code } = error as NodeJS.ErrnoException;
      this.problems.push({ name, message: `${name} cannot be read (${code}); it is left where it is.` });
      return;
    }
    if (isNewerFormat(document)) {
      this.problems.push({
        name,
        message: `${name} is of a newer format than this version knows; it is left as it is.`,
      });
      return;
    }
    const problem = this.#problemOf(integrationId, document);
    if (problem) return this.#setAside(name, problem);
    this.#databases.set(integrationId, new Low(file, document as Document));
    for (const id of recordIdsOf(document as Document)) this.#owners.set(id, integrationId);
  }

  async #setAside(name: string, reason: string): Promise<void> {
    const aside = `${name}.${randomUUID()}.damaged`;
    await rename(join(this.#folder, name), join(this.#folder, aside));
    this.problems.push({ name, message: `${name} is damaged (${reason}); it was set aside as ${aside}.` });
  }
}

/** A unit of work leaves what it has not changed as it was. */
function hasOtherRecords(before: Document | undefined, after: Document | undefined): boolean {
  return recordKinds.some((kind) => before?.[kind] !== after?.[kind]);
}

function isNewerFormat(document: unknown): boolean {
  const format = (document as { format?: unknown } | null)?.format;
  return typeof format === 'number' && format > FORMAT;
}
