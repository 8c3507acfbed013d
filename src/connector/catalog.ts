/**
 * What can be installed: the bundles of a folder, checked. A bundle that does not pass never
 * replaces one that did; the last good version serves on and the listing says why.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorItem } from '../errors.ts';
import { type Connector, type ReadBundle, readBundle } from './bundle.ts';
import { connectorIdOf, type Manifest } from './manifest.ts';

/** Bundles beyond this are not looked at. */
const BUNDLES = 1_000;
const CHECKS_AT_ONCE = 2;

/** Loads a bundle in its compartment; resolves to why it does not load, or to nothing. */
export type LoadCheck = (connector: Connector) => Promise<string | undefined>;

/** One row of `GET /connectors`. */
export interface ConnectorRow {
  readonly _id: string;
  readonly name: string;
  readonly title: string;
  readonly version?: string;
  readonly description?: string;
  readonly imageURL?: string;
  readonly status: 'ready' | 'held' | 'invalid';
  readonly digest?: string;
  readonly permissions: Manifest['connector']['permissions'] & {};
  readonly limits: Manifest['connector']['limits'] & {};
  readonly errors?: readonly ErrorItem[];
}

interface Slot {
  readonly folder: string;
  /** Of the files as they were before they were read last; the same again means nothing to do. */
  fingerprint: string;
  /** The last manifest that could be read, for the listing and for knowing the second file. */
  manifest?: Manifest;
  /** The last version that passed. */
  connector?: Connector;
  /** What is wrong with the version that lies there now. */
  reasons: readonly ErrorItem[];
}

export interface CatalogEvents {
  onLoaded(connector: Connector, replaced: Connector | undefined): void;
  onUnloaded(connector: Connector): void;
  onRefused(folder: string, reasons: readonly ErrorItem[]): void;
}

export class Catalog {
  readonly #folder: string;
  readonly #loads: LoadCheck;
  readonly #events: CatalogEvents;
  readonly #slots = new Map<string, Slot>();
  readonly #byId = new Map<string, Connector>();
  #scanning: Promise<void> | undefined;
  #scanAgain = false;
  /** Whether the bundles that lay there at the start have all been looked at. */
  isScanned = false;

  constructor(folder: string, loads: LoadCheck, events: CatalogEvents) {
    this.#folder = folder;
    this.#loads = loads;
    this.#events = events;
  }

  /** The connector that serves under an id now. */
  get(connectorId: string): Connector | undefined {
    return this.#byId.get(connectorId);
  }

  /** The same, but waits for the bundles that lay there at the start. */
  async find(connectorId: string): Promise<Connector | undefined> {
    if (!this.isScanned && !this.#byId.has(connectorId)) await this.#scanning;
    return this.#byId.get(connectorId);
  }

  rows(): ConnectorRow[] {
    // A bundle that is being looked at for the first time is neither ready nor refused yet.
    const settled = [...this.#slots.values()].filter(({ connector, reasons }) => connector || reasons.length > 0);
    return settled.sort((a, b) => (a.folder < b.folder ? -1 : 1)).map(rowOf);
  }

  row(connectorId: string): ConnectorRow | undefined {
    const rows = this.rows().filter(({ _id }) => _id === connectorId);
    return rows.find(({ status }) => status === 'ready') ?? rows[0];
  }

  /** Compares the folder with what is loaded. Calls during a scan lead to one more after it. */
  scan(): Promise<void> {
    this.#scanAgain = true;
    this.#scanning ??= this.#scanUntilQuiet().finally(() => {
      this.#scanning = undefined;
    });
    return this.#scanning;
  }

  async #scanUntilQuiet(): Promise<void> {
    while (this.#scanAgain) {
      this.#scanAgain = false;
      await this.#scanOnce();
    }
    this.isScanned = true;
  }

  async #scanOnce(): Promise<void> {
    const names = await bundleNames(this.#folder);
    for (const [name, slot] of this.#slots) {
      if (names.includes(name)) continue;
      this.#slots.delete(name);
      this.#unload(slot);
    }
    // Read one after the other and in order, so that of two with one id the first is the same each time.
    const candidates: { slot: Slot; connector: Connector }[] = [];
    for (const name of names) {
      const slot = this.#slots.get(name) ?? { folder: name, fingerprint: '', reasons: [] };
      const read = await this.#read(slot);
      if (!read) continue;
      this.#slots.set(name, slot);
      const { connector } = read;
      const rival = connector && candidates.find((other) => other.connector._id === connector._id)?.connector;
      if (!connector) this.#refuse(slot, read.reasons);
      else if (rival) this.#refuse(slot, [duplicateOf(rival)]);
      else candidates.push({ slot, connector });
    }
    const next = candidates.values();
    await Promise.all(
      Array.from({ length: CHECKS_AT_ONCE }, async () => {
        for (const { slot, connector } of next) this.#refuse(slot, await this.#admit(slot, connector));
      }),
    );
  }

  /** What lies in a slot's folder, if that has changed since it was read last. */
  async #read(slot: Slot): Promise<ReadBundle | undefined> {
    const folder = join(this.#folder, slot.folder);
    let fingerprint = await fingerprintOf(folder, slot.manifest?.main);
    if (fingerprint === slot.fingerprint && !isDuplicate(slot)) return undefined;
    let read = await readBundle(folder, slot.folder);
    if (read.manifest && read.manifest.main !== slot.manifest?.main) {
      fingerprint = await fingerprintOf(folder, read.manifest.main);
      read = await readBundle(folder, slot.folder);
    }
    slot.fingerprint = fingerprint;
    if (read.manifest) slot.manifest = read.manifest;
    return read;
  }

  #refuse(slot: Slot, reasons: readonly ErrorItem[]): void {
    const isNews = reasons.length > 0 && JSON.stringify(reasons) !== JSON.stringify(slot.reasons);
    slot.reasons = reasons;
    if (isNews) this.#events.onRefused(slot.folder, reasons);
  }

  /** Makes a bundle the one that serves, or says why not. */
  async #admit(slot: Slot, connector: Connector): Promise<readonly ErrorItem[]> {
    const replaced = slot.connector;
    if (replaced?.bundle.digest === connector.bundle.digest) return [];
    const owner = this.#byId.get(connector._id);
    if (owner && owner.folder !== slot.folder) return [duplicateOf(owner)];
    const problem = await this.#loads(connector);
    if (problem !== undefined) {
      return [{ code: 'invalid_field', field: 'main', message: `main does not load: ${problem}` }];
    }
    if (replaced && replaced._id !== connector._id) this.#byId.delete(replaced._id);
    slot.connector = connector;
    this.#byId.set(connector._id, connector);
    this.#events.onLoaded(connector, replaced);
    return [];
  }

  #unload(slot: Slot): void {
    const { connector } = slot;
    if (!connector) return;
    this.#byId.delete(connector._id);
    this.#events.onUnloaded(connector);
  }
}

const DUPLICATE = 'duplicate_id';

function duplicateOf(owner: Connector): ErrorItem {
  return {
    code: DUPLICATE,
    field: 'connector._id',
    message: `connector._id ${owner._id} is taken by ${owner.manifest.name} in ${owner.folder}`,
  };
}

const isDuplicate = (slot: Slot): boolean => slot.reasons.some(({ code }) => code === DUPLICATE);

async function bundleNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter((name) => !/^[._]/.test(name))
    .sort()
    .slice(0, BUNDLES);
}

/** Size, times and inode of the two files that count. */
async function fingerprintOf(folder: string, main: string | undefined): Promise<string> {
  const files = main === undefined ? ['package.json'] : ['package.json', main];
  const marks = await Promise.all(
    files.map(async (file) => {
      try {
        const { size, mtimeMs, ctimeMs, ino } = await stat(join(folder, file));
        return [file, size, mtimeMs, ctimeMs, ino].join(' ');
      } catch (error) {
        return `${file} ${(error as NodeJS.ErrnoException).code}`;
      }
    }),
  );
  return marks.join('\n');
}

function rowOf(slot: Slot): ConnectorRow {
  const manifest = slot.connector?.manifest ?? slot.manifest;
  const name = manifest?.name ?? slot.folder;
  const { title, imageURL, permissions, limits, _id } = manifest?.connector ?? {};
  return {
    _id: connectorIdOf(name, _id),
    name,
    title: title ?? name,
    ...(manifest ? { version: manifest.version } : {}),
    ...(manifest?.description === undefined ? {} : { description: manifest.description }),
    ...(imageURL === undefined ? {} : { imageURL }),
    status: slot.connector ? 'ready' : 'invalid',
    ...(slot.connector ? { digest: slot.connector.bundle.digest } : {}),
    permissions: permissions ?? {},
    limits: limits ?? {},
    ...(slot.reasons.length > 0 ? { errors: slot.reasons } : {}),
  };
}
