/** Tells when something under the bundles' folder has changed and then been quiet for a moment. */
import { basename, dirname } from 'node:path';
import { watch } from 'chokidar';

const DEBOUNCE_MS = 100;
/** A copy that goes on and on is looked at all the same after this long. */
const MAX_WAIT_MS = 500;

/** Folders below `connectors/` that are watched; a bundle's main file lies no deeper. */
const MAX_DEPTH = 8;

export interface Watcher {
  /** Files elsewhere whose change counts as well. */
  add(paths: Iterable<string>): void;
  close(): Promise<void>;
}

export function watchBundles(folder: string, onChange: () => void): Watcher {
  let timer: NodeJS.Timeout | undefined;
  let firstAt = 0;
  const notify = (): void => {
    timer = undefined;
    firstAt = 0;
    onChange();
  };
  const watcher = watch(folder, {
    ignoreInitial: true,
    depth: MAX_DEPTH,
    ignorePermissionErrors: true,
    ignored: (path) => path !== folder && isIgnored(basename(path), dirname(path) === folder),
  });
  watcher.on('all', () => {
    const now = performance.now();
    firstAt ||= now;
    clearTimeout(timer);
    timer = setTimeout(notify, Math.max(0, Math.min(DEBOUNCE_MS, firstAt + MAX_WAIT_MS - now)));
  });
  // A folder that cannot be watched is a bundle that cannot be read: the scan says so.
  watcher.on('error', notify);
  // What changed while the watch was being set up was not seen.
  watcher.once('ready', notify);
  return {
    add(paths) {
      // A build that goes on when the watch ends names its files all the same.
      if (!watcher.closed) watcher.add([...paths]);
    },
    async close() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

function isIgnored(name: string, isBundle: boolean): boolean {
  return name.startsWith('.') || name === 'node_modules' || (isBundle && name.startsWith('_'));
}
