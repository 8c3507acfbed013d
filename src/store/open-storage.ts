/** Opens the storage of a data folder: documents in lowdb, bundles as files, the rest in one SQLite file. */
import { join } from 'node:path';
import { entryMaker } from './audit.ts';
import { auditCommits } from './audit-commits.ts';
import { BundleFiles } from './bundle-files.ts';
import { bundlesFolder, DATABASE_FILE } from './data-folder.ts';
import { importDatabases, importRecords } from './legacy-files.ts';
import { openLowdbStore } from './lowdb-store.ts';
import type { RecoveryOptions } from './recovery.ts';
import { Database } from './sqlite/database.ts';
import { CUT_OFF } from './sqlite/run-store.ts';
import { SqliteTokenStore } from './sqlite/small-stores.ts';
import { sqliteStores } from './sqlite/stores.ts';
import type { Storage } from './storage.ts';
import type { StoreProblem } from './store.ts';

export interface StorageOptions extends RecoveryOptions {
  readonly now?: () => number;
  /** A change was stored, but not its entry in the audit log. */
  readonly onAuditError?: (error: unknown) => void;
}

/** @throws StoreError `store_locked` if another process uses the folder */
export async function openStorage(dataFolder: string, options: StorageOptions = {}): Promise<Storage> {
  const documents = await openLowdbStore(dataFolder, options);
  const problems: StoreProblem[] = [];
  const onProblem = (problem: StoreProblem) => void problems.push(problem);
  let database: Database | undefined;
  try {
    const bundles = await BundleFiles.open(bundlesFolder(dataFolder));
    const opened = Database.open(join(dataFolder, DATABASE_FILE), onProblem, CUT_OFF);
    database = opened;
    await importDatabases(dataFolder, opened, onProblem);
    const { now = Date.now, onAuditError = () => {} } = options;
    const stores = sqliteStores(opened, now);
    documents.subscribe(auditCommits(stores.audit, entryMaker(now), onAuditError));
    const storage: Storage = {
      ...stores,
      documents,
      bundles,
      get problems() {
        return [...problems, ...documents.problems];
      },
      async close() {
        await stores.close();
        await documents.close();
      },
    };
    await importRecords(dataFolder, storage, onProblem);
    return storage;
  } catch (error) {
    database?.close();
    await documents.close();
    throw error;
  }
}

/** Opens the tokens of a data folder, even while a server runs on it. */
export async function withTokens<T>(dataFolder: string, work: (tokens: SqliteTokenStore) => Promise<T>): Promise<T> {
  const database = Database.open(join(dataFolder, DATABASE_FILE), () => {});
  try {
    return await work(new SqliteTokenStore(database));
  } finally {
    database.close();
  }
}
