/** The storage port on a PostgreSQL database. */
import type { DocumentCheck } from '../document-check.ts';
import type { Storage } from '../storage.ts';
import { Database } from './database.ts';
import { DocumentAudit } from './document-audit.ts';
import { PostgresDocuments } from './document-store.ts';
import { PostgresKeyStore } from './key-store.ts';
import { type NodeOptions, type PostgresStores, postgresStores } from './stores.ts';

export interface PostgresOptions extends NodeOptions {
  readonly check?: DocumentCheck | undefined;
}

export interface OpenedPostgres {
  readonly storage: Storage;
  readonly keys: PostgresKeyStore;
}

export interface OpenedDatabase {
  readonly database: Database;
  readonly documents: PostgresDocuments;
  readonly stores: PostgresStores;
  readonly keys: PostgresKeyStore;
}

/** @param url `postgres://…` @throws StoreError `store_unavailable` */
export async function openDatabase(url: string, options: PostgresOptions): Promise<OpenedDatabase> {
  const database = await Database.open(url);
  try {
    const stores = await postgresStores(database, options);
    const documents = new PostgresDocuments(
      database,
      options.node,
      new DocumentAudit(stores.audit, options.now),
      options.check,
    );
    return { database, documents, stores, keys: new PostgresKeyStore(database) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** @param ofNode parts that only a node has @param closeNode closes these before the rest */
export function storageOf(
  { database, documents, stores }: OpenedDatabase,
  ofNode: Pick<Storage, 'events' | 'folder' | 'nodes' | 'cancellations' | 'now'> = {},
  closeNode: () => Promise<void> = async () => {},
): Storage {
  return {
    ...stores,
    ...ofNode,
    documents,
    get problems() {
      return documents.problems;
    },
    get outage() {
      return database.problem?.message;
    },
    async close() {
      await closeNode();
      await documents.close();
      await stores.close();
    },
  };
}
