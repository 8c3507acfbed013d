/** Watches the bundles' folder and reports changes, debounced. */
import { basename, dirname } from 'node:path';
import { watch } from 'chokidar';

const DEBOUNCE_MS = 100;
/** Report at the latest after this long, even while changes continue. */
const MAX_WAIT_MS = 500;

/** Folder levels below `connectors/`; a bundle's main file is never deeper. */
const MAX_DEPTH = 8;

export interface Watcher {
  /** Watches files elsewhere, too. */
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
  // The scan reports a folder that cannot be watched as one that cannot be read.
  watcher.on('error', notify);
  // Changes during the setup were not seen.
  watcher.once('ready', notify);
  return {
    add(paths) {
      // A build may still be running after the watcher was closed.
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
