/**
 * Synchronizes this node's connectors folder with the other nodes' through the storage: pushes local changes, and pulls
 * theirs. If both sides changed an entry, the last write wins.
 */
import { createHash, hash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '../json.ts';
import { codeOf, replaceFile, syncFolder, temporaryPathFor } from '../store/files.ts';
import type { SharedFolder } from '../store/shared.ts';
import type { Storage } from '../store/storage.ts';
import { StoreError } from '../store/store.ts';
import type { Connector, ConnectorFiles } from './bundle.ts';
import { fingerprintedFiles } from './entry-reader.ts';
import { bundleEntries, fingerprintOf, isTarball, readEntry, readTarball } from './folder.ts';
import { SingleFlightRescan } from './single-flight-rescan.ts';
import { TARBALL_BYTES, tarballOf } from './tarball.ts';

export interface FolderSyncOptions {
  readonly folder: string;
  /** Stores the last synchronized state, to recognize changes made here while the node was down. */
  readonly stateFile: string;
  readonly shared: SharedFolder;
  /** Called when another node's change arrives in the folder. */
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
}

const STATE_FILE = 'shared-folder.json';

/** @returns undefined if only one node uses the storage */
export function syncFolders(
  { folder: shared }: Pick<Storage, 'folder'>,
  folder: string,
  dataFolder: string,
  events: Pick<FolderSyncOptions, 'onChange' | 'onError'>,
): FolderSync | undefined {
  return shared && new FolderSync({ folder, shared, stateFile: join(dataFolder, STATE_FILE), ...events });
}

interface LocalEntry {
  readonly hash: string;
  /** Files of a bundle in a folder, present or not. */
  readonly files: readonly string[];
  /** Makes the tarball for the storage. */
  readonly pack: () => Promise<Buffer>;
}

/** An entry as it was last read. */
interface KnownEntry extends Pick<LocalEntry, 'hash' | 'files'> {
  /** Fingerprint of the files before they were read. */
  readonly fingerprint: string;
}

export class FolderSync {
  readonly #options: FolderSyncOptions;
  readonly #rescan: SingleFlightRescan;
  /** Hashes at the last synchronization; undefined before a new node's first one. */
  #synced: Map<string, string> | undefined;
  readonly #known = new Map<string, KnownEntry>();

  constructor(options: FolderSyncOptions) {
    this.#options = options;
    this.#rescan = new SingleFlightRescan({
      scanOnce: () => this.#syncOnce(),
      beforeRetry: () => {},
      onError: options.onError,
    });
  }

  /** Settles when folder and storage are equal, or the storage cannot be reached. */
  async start(): Promise<void> {
    this.#synced = await readState(this.#options.stateFile);
    this.#options.shared.subscribe(() => void this.sync());
    await this.sync();
  }

  /** Never rejects: retries what fails. */
  sync(): Promise<void> {
    return this.#rescan.scan();
  }

  /** Like `sync`. @throws StoreError if the other nodes do not get the folder's content */
  async share(): Promise<void> {
    await this.sync();
    const { problem } = this.#rescan;
    if (problem !== undefined) throw new StoreError('store_unavailable', problem);
  }

  close(): Promise<void> {
    return this.#rescan.close();
  }

  async #syncOnce(): Promise<void> {
    const { folder, shared, stateFile, onChange } = this.#options;
    // Fails for a missing folder, such as an unmounted one: it must not count as empty.
    await stat(folder);
    const remote = new Map((await shared.list()).map(({ entry, hash }) => [entry, hash]));
    const present = new Set(await bundleEntries(folder));
    const before = this.#synced;
    const synced = new Map(before);
    let hasPulled = false;
    let failure: { readonly error: unknown } | undefined;
    for (const entry of new Set([...present, ...remote.keys()])) {
      try {
        const local = present.has(entry) ? await this.#hashOf(entry) : undefined;
        // Somebody may be writing this entry, so leave it alone.
        if (present.has(entry) && local === undefined) continue;
        const there = remote.get(entry);
        let agreed = local;
        if (local !== there) {
          // On a new node, the storage's version of an entry wins over the folder's.
          const isChangedHere = before ? local !== before.get(entry) : !remote.has(entry);
          if (!isChangedHere) {
            if (!(await this.#pull(entry, there))) continue;
            agreed = there;
            hasPulled = true;
          } else if (local === undefined) {
            await shared.remove(entry);
          } else {
            agreed = await this.#push(entry);
            if (agreed === undefined) continue;
          }
        }
        if (agreed === undefined) synced.delete(entry);
        else synced.set(entry, agreed);
      } catch (error) {
        failure ??= { error };
      }
    }
    this.#synced = synced;
    if (!isDeepStrictEqual(synced, before)) await replaceFile(stateFile, JSON.stringify(Object.fromEntries(synced)));
    if (hasPulled) onChange();
    if (failure) throw failure.error;
  }

  /** Reads an entry only if its files have changed. @returns undefined if it is not a bundle */
  async #hashOf(entry: string): Promise<string | undefined> {
    const { folder } = this.#options;
    const known = this.#known.get(entry);
    // Taken before reading the files, so that files that change meanwhile are read again.
    const fingerprint = await fingerprintOf(join(folder, entry), known?.files ?? []);
    if (known?.fingerprint === fingerprint) return known.hash;
    const local = await localEntry(folder, entry).catch(undefinedIfGone);
    if (!local) {
      this.#known.delete(entry);
      return undefined;
    }
    const { hash, files } = local;
    // The fingerprint may be of other files than those just read.
    const isOfThese = isDeepStrictEqual(files, known?.files ?? []);
    this.#known.set(entry, { hash, files, fingerprint: isOfThese ? fingerprint : '' });
    return hash;
  }

  /** Writes the current entry to the storage. @returns its hash; undefined if it is no longer a bundle */
  async #push(entry: string): Promise<string | undefined> {
    const { folder, shared } = this.#options;
    const local = await localEntry(folder, entry).catch(undefinedIfGone);
    if (!local) return undefined;
    await shared.write(entry, local.hash, await local.pack());
    return local.hash;
  }

  /** @param hash undefined if another node removed the entry @returns false if the storage has a newer one already */
  async #pull(entry: string, hash: string | undefined): Promise<boolean> {
    const { folder, shared } = this.#options;
    const path = join(folder, entry);
    if (hash === undefined) {
      await rm(path, { recursive: true, force: true });
    } else {
      const content = await shared.read(entry, hash);
      if (!content) return false;
      if (/\.tgz$/i.test(entry)) await replaceFile(path, content);
      else await replaceFolder(path, content);
    }
    await syncFolder(folder);
    return true;
  }
}

/** For an entry removed while it is read. Its removal triggers another synchronization. */
function undefinedIfGone(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

/** @returns undefined if the entry is not a bundle */
async function localEntry(folder: string, entry: string): Promise<LocalEntry | undefined> {
  const path = join(folder, entry);
  if (!(await isTarball(path))) return folderAt(folder, entry);
  if ((await stat(path)).size > TARBALL_BYTES) return undefined;
  const content = await readFile(path);
  return { hash: hash('sha256', content), files: [], pack: async () => content };
}

/** Hashes manifest, code, source map, image and texts, not the tarball: its bytes depend on the version of Node. */
async function folderAt(folder: string, entry: string): Promise<LocalEntry | undefined> {
  const { connector, files } = (await readEntry(folder, entry)) as Partial<ConnectorFiles>;
  if (!connector || !files) return undefined;
  const digest = createHash('sha256');
  for (const [path, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    digest.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return { hash: digest.digest('hex'), files: filesOf(connector), pack: () => tarballOf(files) };
}

const filesOf = ({ manifest }: Connector): string[] => [...fingerprintedFiles(manifest), `${manifest.main}.map`];

async function replaceFolder(path: string, content: Buffer): Promise<void> {
  const read = await readTarball(content, '');
  if (!read.connector) throw new Error(`The storage holds ${path}, which is not a bundle.`);
  const temporary = temporaryPathFor(path);
  try {
    for (const [name, bytes] of read.files) {
      const file = join(temporary, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
    await rm(path, { recursive: true, force: true });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function readState(file: string): Promise<Map<string, string> | undefined> {
  try {
    const state: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (isJsonObject(state)) return new Map(Object.entries(state).map(([entry, hash]) => [entry, String(hash)]));
  } catch (error) {
    if (!(error instanceof SyntaxError) && codeOf(error) !== 'ENOENT') throw error;
  }
  return undefined;
}
