/**
 * What can be installed: the bundles of a folder, checked. A bundle that does not pass never
 * replaces one that did; the last good version serves on and the listing says why.
 */
import { join } from 'node:path';
import type { ErrorItem } from '../errors.ts';
import { type Connector, type ReadBundle, readBundle } from './bundle.ts';
import { bundleNames, fingerprintOf } from './folder.ts';
import type { LoadProblem } from './load-check.ts';
import { connectorIdOf, type Manifest } from './manifest.ts';

const CHECKS_AT_ONCE = 4;
/** After a folder could not be listed, or a bundle not be tried. */
const RETRY_MS = 2_000;

/** Loads a bundle; resolves to why it does not load, or to nothing. A replacement must not harm what it replaces. */
export type LoadCheck = (connector: Connector, isReplacement: boolean) => Promise<LoadProblem | undefined>;

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
  /** Its present version is being checked; it is looked at again afterwards. */
  isChecking: boolean;
  /** Digest of a version that the machine had no time for. */
  untried?: string | undefined;
}

export interface CatalogEvents {
  onLoaded(connector: Connector): void;
  onUnloaded(connector: Connector): void;
  onRefused(folder: string, reasons: readonly ErrorItem[]): void;
  /** The folder could not be listed, or a check failed by a fault of ours. */
  onError(error: unknown): void;
}

export class Catalog {
  readonly #folder: string;
  readonly #loads: LoadCheck;
  readonly #events: CatalogEvents;
  readonly #slots = new Map<string, Slot>();
  readonly #byId = new Map<string, Connector>();
  /** Ids of bundles that are being checked. */
  readonly #claims = new Map<string, Connector>();
  #scanning: Promise<void> | undefined;
  #scanAgain = false;
  /** Checks that are going or waiting, by the id that they are for. */
  readonly #checks = new Map<string, Promise<void>>();
  #start: Promise<void> | undefined;
  readonly #waiting: (() => void)[] = [];
  #checksGoing = 0;
  /** Whether the bundles that lay there at the start have all been looked at. */
  isScanned = false;
  /** Why the folder could not be listed, as long as it cannot. */
  problem: string | undefined;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(folder: string, loads: LoadCheck, events: CatalogEvents) {
    this.#folder = folder;
    this.#loads = loads;
    this.#events = events;
  }

  /** The connector that serves under an id now. */
  get(connectorId: string): Connector | undefined {
    return this.#byId.get(connectorId);
  }

  /** The same, but waits for the bundles that lay there at the start, and for the first check of a new one. */
  async find(connectorId: string): Promise<Connector | undefined> {
    if (!this.#byId.has(connectorId)) {
      if (!this.isScanned) await this.#scanning;
      await this.#checks.get(connectorId);
    }
    return this.#byId.get(connectorId);
  }

  rows(): ConnectorRow[] {
    // A bundle that is being looked at for the first time is neither ready nor refused yet.
    const settled = [...this.#slots.values()].filter(({ connector, reasons }) => connector || reasons.length > 0);
    return settled.map(rowOf).sort((a, b) => compare(a.name, b.name) || compare(a._id, b._id));
  }

  row(connectorId: string): ConnectorRow | undefined {
    const rows = this.rows().filter(({ _id }) => _id === connectorId);
    return rows.find(({ status }) => status === 'ready') ?? rows[0];
  }

  /** The first scan; settles when what lay there at the start has been checked. */
  async start(): Promise<void> {
    this.#start ??= (async () => {
      await this.scan();
      await Promise.all(this.#checks.values());
      this.isScanned = true;
    })();
    return this.#start;
  }

  /**
   * Compares the folder with what is loaded; what is new is checked in the background. Calls during a
   * scan lead to one more after it. Never rejects.
   */
  scan(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#scanAgain = true;
    this.#scanning ??= this.#scanUntilQuiet()
      .then(
        () => {
          this.problem = undefined;
        },
        (error) => this.#failScan(error),
      )
      .finally(() => {
        this.#scanning = undefined;
      });
    return this.#scanning;
  }

  /** Looks at nothing any more; settles when what was going on has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#scanning;
    await Promise.all(this.#checks.values());
  }

  #failScan(error: unknown): void {
    this.problem = `The bundles could not be listed (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`;
    this.#events.onError(error);
    this.#scanLater();
  }

  #scanLater(): void {
    clearTimeout(this.#retry);
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      // As if they were new.
      for (const slot of this.#slots.values()) if (slot.untried !== undefined) slot.fingerprint = '';
      void this.scan();
    }, RETRY_MS);
  }

  async #scanUntilQuiet(): Promise<void> {
    while (this.#scanAgain) {
      this.#scanAgain = false;
      await this.#scanOnce();
    }
  }

  async #scanOnce(): Promise<void> {
    const names = await bundleNames(this.#folder);
    for (const [name, slot] of this.#slots) {
      if (names.includes(name)) continue;
      this.#slots.delete(name);
      this.#unload(slot);
    }
    // Read one after the other and in order, so that of two with one id the first is the same each time.
    for (const name of names) {
      const slot = this.#slots.get(name) ?? { folder: name, fingerprint: '', reasons: [], isChecking: false };
      const read = slot.isChecking ? undefined : await this.#read(slot);
      if (!read) continue;
      this.#slots.set(name, slot);
      const { connector } = read;
      if (!connector) this.#settle(slot, read.reasons);
      else if (connector.bundle.digest === slot.connector?.bundle.digest) this.#settle(slot, []);
      else this.#check(slot, connector);
    }
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

  /** Checks a bundle in the background and makes it the one that serves, or says why not. */
  #check(slot: Slot, connector: Connector): void {
    const { _id } = connector;
    const owner = this.#claims.get(_id) ?? this.#byId.get(_id);
    if (owner && owner.folder !== slot.folder) return this.#settle(slot, [duplicateOf(owner)]);
    slot.isChecking = true;
    // What was wrong with its files before is not what is wrong with these.
    if (slot.untried !== connector.bundle.digest) slot.reasons = [];
    slot.untried = undefined;
    this.#claims.set(_id, connector);
    const check: Promise<void> = this.#admit(slot, connector)
      .catch((error) => this.#events.onError(error))
      .finally(() => {
        slot.isChecking = false;
        if (this.#claims.get(_id) === connector) this.#claims.delete(_id);
        if (this.#checks.get(_id) === check) this.#checks.delete(_id);
        // What was written meanwhile, and who waited for an id that is free now.
        void this.scan();
      });
    this.#checks.set(_id, check);
  }

  async #admit(slot: Slot, connector: Connector): Promise<void> {
    const replaced = slot.connector;
    await this.#turn();
    const problem = await this.#loads(connector, replaced !== undefined).finally(() => this.#endTurn());
    // Removed while it was being checked.
    if (this.#isClosed || this.#slots.get(slot.folder) !== slot) return;
    if (problem) {
      if (problem.isForNow) {
        slot.untried = connector.bundle.digest;
        this.#scanLater();
      }
      const message = `main does not load: ${problem.reason}`;
      return this.#settle(slot, [{ code: 'invalid_field', field: 'main', message }]);
    }
    const owner = this.#byId.get(connector._id);
    if (owner && owner !== replaced) return this.#settle(slot, [duplicateOf(owner)]);
    if (replaced && replaced._id !== connector._id) this.#byId.delete(replaced._id);
    slot.connector = connector;
    this.#byId.set(connector._id, connector);
    this.#settle(slot, []);
    this.#events.onLoaded(connector);
  }

  /** Waits until fewer than `CHECKS_AT_ONCE` checks are going. */
  async #turn(): Promise<void> {
    if (this.#checksGoing >= CHECKS_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#checksGoing++;
  }

  #endTurn(): void {
    this.#checksGoing--;
    this.#waiting.shift()?.();
  }

  #settle(slot: Slot, reasons: readonly ErrorItem[]): void {
    const isNews = reasons.length > 0 && JSON.stringify(reasons) !== JSON.stringify(slot.reasons);
    slot.reasons = reasons;
    if (isNews) this.#events.onRefused(slot.folder, reasons);
  }

  #unload(slot: Slot): void {
    const { connector } = slot;
    if (!connector) return;
    if (this.#byId.get(connector._id) === connector) this.#byId.delete(connector._id);
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

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

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
