/** Wires the parts that serve the connectors folder: catalog, uploads, synchronization with other nodes, watcher. */
import type { Logger } from 'pino';
import type { Sandbox } from '../sandbox/index.ts';
import { loggedCatalogEvents } from './catalog-log.ts';
import { Catalog } from './connector/catalog.ts';
import { syncFolders } from './connector/folder-sync.ts';
import { loadBundle } from './connector/load-check.ts';
import { PermissionStore } from './connector/permission-store.ts';
import { BundleUploads } from './connector/uploads.ts';
import { watchBundles } from './connector/watch.ts';
import type { Feed } from './feed/feed.ts';
import { publishConnectors } from './feed/publishers.ts';
import type { Storage } from './store/storage.ts';

export interface FolderOptions {
  readonly folder: string;
  readonly dataFolder: string;
  readonly storage: Storage;
  readonly sandbox: Sandbox;
  readonly feed: Feed;
  readonly logger: Logger;
  readonly newRunId: () => string;
  readonly now: () => Date;
}

export interface ConnectorsFolder {
  readonly catalog: Catalog;
  readonly permissions: PermissionStore;
  readonly uploads: BundleUploads;
  /** Starts watching the folder. Settles when everything present has been checked. */
  start(): Promise<void>;
  /** Stops watching for changes. Keeps serving what it serves. */
  close(): Promise<void>;
}

export async function openConnectorsFolder(options: FolderOptions): Promise<ConnectorsFolder> {
  const { folder, dataFolder, storage, sandbox, feed, logger, newRunId, now } = options;
  const permissions = await PermissionStore.open(storage, now);
  for (const problem of permissions.problems) logger.error({ event: 'permission_problem' }, problem);
  const events = loggedCatalogEvents(logger, publishConnectors(feed));
  const catalog = new Catalog(folder, loadBundle.bind(undefined, sandbox, newRunId), permissions, events);
  permissions.onChange = (connectorId) => void catalog.reconsider(connectorId);
  const nodes = syncFolders(storage, folder, dataFolder, {
    onChange: () => void catalog.scan(),
    onError: (error) => logger.error({ err: error }, 'the bundles could not be shared with the other nodes'),
  });
  const uploads = new BundleUploads(folder, catalog, () => nodes?.share() ?? Promise.resolve());
  await uploads.sweep();
  let watcher: ReturnType<typeof watchBundles> | undefined;
  return {
    catalog,
    permissions,
    uploads,
    start() {
      const scanned = catalog.start(async () => nodes?.start());
      watcher = watchBundles(folder, () => {
        void catalog.scan();
        void nodes?.sync();
      });
      return scanned;
    },
    async close() {
      await watcher?.close();
      await nodes?.close();
    },
  };
}
