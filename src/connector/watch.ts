/** Tells when something under the bundles' folder has changed and then been quiet for a moment. */
import { basename, dirname } from 'node:path';
import { watch } from 'chokidar';

const QUIET_MS = 100;
/** A copy that goes on and on is looked at all the same after this long. */
const LONGEST_WAIT_MS = 500;

/** Folders below `connectors/` that are watched; a bundle's main file lies no deeper. */
const DEPTH = 8;

export interface Watcher {
  /** Files elsewhere whose change counts as well. */
  also(paths: Iterable<string>): void;
  close(): Promise<void>;
}

export function watchBundles(folder: string, onChange: () => void): Watcher {
  let quiet: NodeJS.Timeout | undefined;
  let firstAt = 0;
  const notify = (): void => {
    quiet = undefined;
    firstAt = 0;
    onChange();
  };
  const watcher = watch(folder, {
    ignoreInitial: true,
    depth: DEPTH,
    ignorePermissionErrors: true,
    ignored: (path) => path !== folder && isSkipped(basename(path), dirname(path) === folder),
  });
  watcher.on('all', () => {
    const now = performance.now();
    firstAt ||= now;
    clearTimeout(quiet);
    quiet = setTimeout(notify, Math.max(0, Math.min(QUIET_MS, firstAt + LONGEST_WAIT_MS - now)));
  });
  // A folder that cannot be watched is a bundle that cannot be read: the scan says so.
  watcher.on('error', notify);
  // What changed while the watch was being set up was not seen.
  watcher.once('ready', notify);
  return {
    also(paths) {
      // A build that goes on when the watch ends names its files all the same.
      if (!watcher.closed) watcher.add([...paths]);
    },
    async close() {
      clearTimeout(quiet);
      await watcher.close();
    },
  };
}

function isSkipped(name: string, isBundle: boolean): boolean {
  return name.startsWith('.') || name === 'node_modules' || (isBundle && name.startsWith('_'));
}
