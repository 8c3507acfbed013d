/**
 * Keeps this node's connectors folder and those of the other nodes equal: what is dropped, uploaded, changed or removed
 * here goes to the storage, and what other nodes put there comes here. Of an entry that has changed on both sides, the
 * one that is written last stays.
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
  /** Remembers what was equal when this node ended, so that it knows what was changed here since. */
  readonly stateFile: string;
  readonly shared: SharedFolder;
  /** Something in the folder was changed by another node. */
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
}

const STATE_FILE = 'shared-folder.json';

/** Undefined for a storage that one node uses. */
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
  /** What a folder's bundle consists of, whether all of it is there or not. */
  readonly files: readonly string[];
  /** Makes what goes to the storage. */
  readonly pack: () => Promise<Buffer>;
}

/** An entry as it was last read. */
interface KnownEntry extends Pick<LocalEntry, 'hash' | 'files'> {
  /** Of the files before they were read. */
  readonly fingerprint: string;
}

export class FolderSync {
  readonly #options: FolderSyncOptions;
  readonly #rescan: SingleFlightRescan;
  /** Hashes of what this node and the storage both had; undefined before the first look of a node that is new. */
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

  /** Settles when both are equal, or the storage cannot be reached. */
  async start(): Promise<void> {
    this.#synced = await readState(this.#options.stateFile);
    this.#options.shared.subscribe(() => void this.sync());
    await this.sync();
  }

  /** Never rejects: what fails is tried again. */
  sync(): Promise<void> {
    return this.#rescan.scan();
  }

  /** @throws StoreError if the other nodes do not get what is in the folder */
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
    // A folder that is not mounted at the moment is not an empty one.
    await stat(folder);
    const remote = new Map((await shared.list()).map(({ entry, hash }) => [entry, hash]));
    const present = new Set(await bundleEntries(folder));
    const before = this.#synced;
    const synced = new Map(before);
    let hasTaken = false;
    let failure: { readonly error: unknown } | undefined;
    for (const entry of new Set([...present, ...remote.keys()])) {
      try {
        const local = present.has(entry) ? await this.#hashOf(entry) : undefined;
        // Not a bundle yet, or not any more: whoever is writing it is not disturbed.
        if (present.has(entry) && local === undefined) continue;
        const there = remote.get(entry);
        let agreed = local;
        if (local !== there) {
          // What a new node finds in its folder came with it; the storage knows better.
          const isChangedHere = before ? local !== before.get(entry) : !remote.has(entry);
          if (!isChangedHere) {
            if (!(await this.#take(entry, there))) continue;
            agreed = there;
            hasTaken = true;
          } else if (local === undefined) {
            await shared.remove(entry);
          } else {
            agreed = await this.#give(entry);
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
    if (hasTaken) onChange();
    if (failure) throw failure.error;
  }

  /** Reads an entry only if its files have changed. Undefined for what is no bundle. */
  async #hashOf(entry: string): Promise<string | undefined> {
    const { folder } = this.#options;
    const known = this.#known.get(entry);
    // Taken before the files are read, so that one that changes meanwhile is read again.
    const fingerprint = await fingerprintOf(join(folder, entry), known?.files ?? []);
    if (known?.fingerprint === fingerprint) return known.hash;
    const local = await localEntry(folder, entry).catch(undefinedIfGone);
    if (!local) {
      this.#known.delete(entry);
      return undefined;
    }
    const { hash, files } = local;
    // Of other files than those that were just read, the fingerprint says nothing.
    const isOfThese = isDeepStrictEqual(files, known?.files ?? []);
    this.#known.set(entry, { hash, files, fingerprint: isOfThese ? fingerprint : '' });
    return hash;
  }

  /** Puts an entry into the storage as it is now. @returns its hash; undefined if it is no bundle any more */
  async #give(entry: string): Promise<string | undefined> {
    const { folder, shared } = this.#options;
    const local = await localEntry(folder, entry).catch(undefinedIfGone);
    if (!local) return undefined;
    await shared.write(entry, local.hash, await local.pack());
    return local.hash;
  }

  /** @param hash undefined: another node removed it. @returns false if a newer one is there already */
  async #take(entry: string, hash: string | undefined): Promise<boolean> {
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

/** An entry may go while it is read; whoever removed it asks for another look. */
function undefinedIfGone(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

/** Undefined for what is no bundle. */
async function localEntry(folder: string, entry: string): Promise<LocalEntry | undefined> {
  const path = join(folder, entry);
  if (!(await isTarball(path))) return folderAt(folder, entry);
  if ((await stat(path)).size > TARBALL_BYTES) return undefined;
  const content = await readFile(path);
  return { hash: hash('sha256', content), files: [], pack: async () => content };
}

/** The files of a bundle: manifest, code, source map and image. Packed by another Node, they are other bytes. */
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
