/** Opens the storage in a PostgreSQL database for one of the nodes that share it. */
import { Listener, type News } from './listener.ts';
import { NodeRegistry } from './node-registry.ts';
import { PostgresCancellations } from './shared-cancellations.ts';
import { SharedClock } from './shared-clock.ts';
import { PostgresEvents } from './shared-events.ts';
import { PostgresFolder } from './shared-folder.ts';
import { type OpenedPostgres, openDatabase, type PostgresOptions, storageOf } from './storage.ts';

/** @param url `postgres://…` @throws StoreError `store_unavailable` */
export async function openPostgres(url: string, options: PostgresOptions): Promise<OpenedPostgres> {
  const opened = await openDatabase(url, options);
  const { database, stores, keys } = opened;
  const { node } = options;
  const events = new PostgresEvents(database, node);
  const folder = new PostgresFolder(database);
  const cancellations = new PostgresCancellations(database, node);
  const nodes = new NodeRegistry(database, node, {
    isFollowing: () => events.isFollowing,
    async onBeat(areFollowing) {
      events.hasRemoteFollowers = areFollowing;
      await folder.poll();
      await stores.permissions.poll();
      await cancellations.poll();
    },
    onReturn: () => void events.rejoin(),
    async onDead(dead) {
      await stores.runs.cutOff(dead);
      await stores.jobs.release(dead);
      const orphans = await stores.idempotency.adopt(dead);
      if (orphans.length > 0) stores.idempotency.onOrphans?.(orphans);
      events.reportMissed();
    },
  });
  const pollers: Readonly<Record<News, () => Promise<void>>> = {
    events: () => events.poll(),
    followers: () => nodes.beat(),
    folder: () => folder.poll(),
    permissions: () => stores.permissions.poll(),
    cancellations: () => cancellations.poll(),
    jobs: async () => stores.jobs.wake(),
  };
  // `outage` reports an unreachable database; the next beat tries again.
  const clock = new SharedClock();
  const listener = new Listener(url, {
    onNews: (news) => void pollers[news]().catch(() => {}),
    onSilence: () => database.suspend(),
    onAnswer: () => database.resume(),
    onTime: (...reading) => clock.set(...reading),
  });
  const ofNode = { events, folder, nodes, cancellations, now: () => clock.now() };
  const storage = storageOf(opened, ofNode, async () => {
    await stores.jobs.stop();
    await events.close();
    await listener.close();
    await nodes.close();
  });
  try {
    await nodes.start();
    await events.start();
    await listener.start();
    return { storage, keys };
  } catch (error) {
    await storage.close();
    throw error;
  }
}
