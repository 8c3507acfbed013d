/** Opens the storage of a PostgreSQL database, which any number of nodes may share. */
import type { DocumentCheck } from '../document-check.ts';
import type { Storage } from '../storage.ts';
import { Database } from './database.ts';
import { PostgresDocuments } from './document-store.ts';
import { PostgresKeyStore } from './key-store.ts';
import { Listener, type News } from './listener.ts';
import { NodeRegistry } from './node-registry.ts';
import { PostgresEvents } from './shared-events.ts';
import { PostgresFolder } from './shared-folder.ts';
import { postgresStores } from './stores.ts';

export interface PostgresOptions {
  /** This node's name. */
  readonly node: string;
  readonly check?: DocumentCheck;
  /** Replaces the database's clock. */
  readonly now?: (() => number) | undefined;
}

export interface OpenedPostgres {
  readonly storage: Storage;
  readonly keys: PostgresKeyStore;
}

/** @param url `postgres://…` @throws StoreError `store_unavailable` */
export async function openPostgres(url: string, { node, check, now }: PostgresOptions): Promise<OpenedPostgres> {
  const database = await Database.open(url);
  try {
    const documents = new PostgresDocuments(database, node, check);
    const stores = await postgresStores(database, { node, now });
    const events = new PostgresEvents(database, node);
    const folder = new PostgresFolder(database);
    const registry = new NodeRegistry(database, node, {
      isFollowing: () => events.isFollowing,
      async onBeat(areFollowing) {
        events.isWanted = areFollowing;
        await folder.look();
        await stores.permissions.look();
      },
      async onDead(dead) {
        await stores.runs.cutOff(dead);
        const orphans = await stores.idempotency.adopt(dead);
        if (orphans.length > 0) stores.idempotency.onOrphans?.(orphans);
        events.missed();
      },
    });
    await registry.start();
    await events.start();
    const looks: Readonly<Record<News, () => Promise<void>>> = {
      events: () => events.look(),
      followers: () => registry.beat(),
      folder: () => folder.look(),
      permissions: () => stores.permissions.look(),
    };
    // A database that cannot be reached is reported by `outage`; the next beat looks again.
    const listener = new Listener(url, (news) => void looks[news]().catch(() => {}));
    await listener.start();
    const storage: Storage = {
      ...stores,
      documents,
      events,
      folder,
      get problems() {
        return documents.problems;
      },
      get outage() {
        return database.problem?.message;
      },
      get otherNodes() {
        return registry.others;
      },
      async close() {
        await events.close();
        await listener.close();
        await registry.close();
        await documents.close();
        await stores.close();
      },
    };
    return { storage, keys: new PostgresKeyStore(database) };
  } catch (error) {
    await database.close();
    throw error;
  }
}
