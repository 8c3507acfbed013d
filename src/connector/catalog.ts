/**
 * What can be installed: the bundles of a folder, checked. A bundle that does not pass, or asks for more
 * than was accepted, never replaces one that serves; the listing says why.
 */
import { join } from 'node:path';
import type { ErrorItem } from '../errors.ts';
import type { Acceptances } from './acceptances.ts';
import type { Connector, ConnectorFiles, ReadBundle } from './bundle.ts';
import { bundleEntries, fingerprintOf, readEntry } from './folder.ts';
import { type Image, imagePath } from './image.ts';
import type { Manifest } from './manifest.ts';
import { duplicateOf, isDuplicate, whyNotYet } from './reasons.ts';
import { type ConnectorRow, rowOf, type Slot } from './slot.ts';
import { type LoadCheck, Trials } from './trials.ts';

/** After a folder could not be listed, or a bundle could not be tried, or what was accepted not be written. */
const RETRY_MS = 2_000;
export interface CatalogEvents {
  /** It serves, and nothing is wrong with what lies there. */
  onLoaded(connector: Connector): void;
  /** It is gone, whether it has ever served or not. */
  onUnloaded(connector: Pick<Connector, '_id' | 'folder'>): void;
  onRefused(refused: Pick<Connector, '_id' | 'folder'>, reasons: readonly ErrorItem[]): void;
  /** A version waits to be approved. */
  onHeld(connector: Connector, adds: readonly string[]): void;
  /** The folder could not be listed, or a check failed by a fault of ours. */
  onError(error: unknown): void;
}

/** What became of an approval: `changed` if what was shown is not what waits now. */
export type Approval = 'approved' | 'changed';

export class Catalog {
  readonly #folder: string;
  readonly #acceptances: Acceptances;
  readonly #events: CatalogEvents;
  readonly #slots = new Map<string, Slot>();
  readonly #byId = new Map<string, Connector>();
  /** Ids of bundles that are being checked. */
  readonly #claims = new Map<string, Connector>();
  #scanning: Promise<void> | undefined;
  #scanAgain = false;
  /** Checks that are going or waiting, by the id that they are for. */
  readonly #checks = new Map<string, Promise<void>>();
  readonly #trials: Trials;
  /** What could not be tried or recorded. */
  readonly #unsettled = new Set<Slot>();
  #start: Promise<void> | undefined;
  /** Whether the bundles that lay there at the start have all been looked at. */
  isScanned = false;
  /** Why the folder could not be listed, as long as it cannot. */
  problem: string | undefined;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(folder: string, loads: LoadCheck, acceptances: Acceptances, events: CatalogEvents) {
    this.#folder = folder;
    this.#trials = new Trials(loads);
    this.#acceptances = acceptances;
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

  /** The image that the connector's bundle brings along. */
  imageOf(connectorId: string): Image | undefined {
    const folder = this.#byId.get(connectorId)?.folder;
    return folder === undefined ? undefined : this.#slots.get(folder)?.image;
  }

  rows(): ConnectorRow[] {
    // A bundle that is being looked at for the first time is neither ready nor refused yet.
    const settled = [...this.#slots.values()].filter(
      ({ connector, candidate, reasons }) => connector || candidate || reasons.length > 0,
    );
    return settled.map(rowOf).sort((a, b) => compare(a.name, b.name) || compare(a._id, b._id));
  }

  row(connectorId: string): ConnectorRow | undefined {
    const rows = this.rows().filter(({ _id }) => _id === connectorId);
    return rows.find(({ status }) => status === 'ready') ?? rows.find(({ status }) => status === 'held') ?? rows[0];
  }

  /** What lies under a name in the folder. */
  slot(folder: string): Readonly<Slot> | undefined {
    return this.#slots.get(folder);
  }

  /** The first scan; settles when what lay there at the start has been checked. */
  async start(): Promise<void> {
    this.#start ??= (async () => {
      await this.scan();
      await Promise.all(this.#checks.values());
      if (this.problem === undefined && !this.#isClosed) await this.#letGoOfUnused();
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
    await this.#acceptances.settled();
  }

  /** What stands against a bundle, were it to lie under its name in the folder: everything but what it asks for. */
  async reasonsAgainst(connector: Connector): Promise<readonly ErrorItem[]> {
    await this.settled(connector._id);
    const owner = this.#ownerOf(connector);
    if (owner) return [duplicateOf(owner)];
    return this.#trials.reasonsAgainst(connector, this.#byId.has(connector._id));
  }

  /** Looks at the folder as it is now; settles when nothing of an id is being checked any more. */
  async settled(connectorId: string): Promise<void> {
    await this.scan();
    for (let check = this.#checks.get(connectorId); check; check = this.#checks.get(connectorId)) {
      await check;
      await this.scan();
    }
  }

  /**
   * Accepts the version that waits, if it is the one with this digest, and lets it serve. Again for what
   * serves already. Durable when it settles.
   */
  async approve(connectorId: string, digest: string): Promise<Approval> {
    const find = (): Slot | undefined =>
      [...this.#slots.values()].find(({ candidate }) => candidate?.connector._id === connectorId);
    // A second click waits for what the first has begun.
    do await this.settled(connectorId);
    while (find()?.isChecking);
    if (this.#byId.get(connectorId)?.bundle.digest === digest) return 'approved';
    const slot = find();
    const { candidate } = slot ?? {};
    if (!slot || !candidate || candidate.connector.bundle.digest !== digest) return 'changed';
    if (this.#ownerOf(candidate.connector)) return 'changed';
    let approval: Approval = 'changed';
    const outcome = Promise.withResolvers<void>();
    this.#occupy(slot, candidate.connector, async () => {
      try {
        if (await this.#accept(slot, candidate)) approval = 'approved';
        outcome.resolve();
      } catch (error) {
        outcome.reject(error);
      }
    });
    await outcome.promise;
    return approval;
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
      for (const slot of this.#unsettled) slot.fingerprint = '';
      this.#unsettled.clear();
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
    const entries = await bundleEntries(this.#folder);
    const present = new Set(entries);
    const gone = [...this.#slots.values()].filter(({ folder }) => !present.has(folder));
    for (const slot of gone) {
      this.#slots.delete(slot.folder);
      this.#unload(slot);
    }
    // Read one after the other and in order, so that of two with one id the first is the same each time.
    for (const folder of this.#acceptances.ownersFirst(entries)) {
      const slot = this.#slots.get(folder) ?? { folder, fingerprint: '', reasons: [], isChecking: false };
      const read = slot.isChecking ? undefined : await this.#read(slot);
      if (!read) continue;
      this.#slots.set(folder, slot);
      await this.#take(slot, read);
    }
    if (gone.length > 0 && this.isScanned) void this.#letGoOfUnused();
  }

  /** A bundle may have gone to come back under another name: first all is looked at. */
  async #letGoOfUnused(): Promise<void> {
    await Promise.all(this.#checks.values());
    const isNeeded = (connectorId: string): boolean => this.#byId.has(connectorId) || this.#claims.has(connectorId);
    await this.#acceptances.keepOnly(isNeeded).catch((error) => this.#events.onError(error));
  }

  /** What lies in a slot's place, if that has changed since it was read last. */
  async #read(slot: Slot): Promise<ReadBundle | undefined> {
    const path = join(this.#folder, slot.folder);
    let fingerprint = await fingerprintOf(path, filesOf(slot.manifest));
    if (fingerprint === slot.fingerprint && !isDuplicate(slot.reasons)) return undefined;
    let read = await readEntry(this.#folder, slot.folder);
    if (read.manifest && filesOf(read.manifest).join('\0') !== filesOf(slot.manifest).join('\0')) {
      fingerprint = await fingerprintOf(path, filesOf(read.manifest));
      read = await readEntry(this.#folder, slot.folder);
    }
    slot.fingerprint = fingerprint;
    if (read.manifest) slot.manifest = read.manifest;
    return read;
  }

  async #take(slot: Slot, read: ReadBundle): Promise<void> {
    const { connector } = read;
    if (!connector) {
      slot.candidate = undefined;
      await this.#serveLast(slot, undefined);
      return this.#settle(slot, read.reasons);
    }
    const { digest } = connector.bundle;
    if (digest === slot.candidate?.connector.bundle.digest) return this.#settle(slot, []);
    const wasHeld = slot.candidate !== undefined;
    slot.candidate = undefined;
    if (digest === slot.connector?.bundle.digest) this.#keep(slot, slot.connector, read.image, wasHeld);
    else this.#check(slot, read);
  }

  /** The version that serves lies there, whatever lay there in between; its image may be another. */
  #keep(slot: Slot, connector: Connector, image: Image | undefined, wasHeld: boolean): void {
    const isAsBefore = !wasHeld && slot.reasons.length === 0 && slot.image?.etag === image?.etag;
    slot.image = image;
    this.#settle(slot, []);
    if (!isAsBefore) this.#events.onLoaded(connector);
  }

  /** Checks a bundle in the background and makes it the one that serves, or says why not. */
  #check(slot: Slot, read: ConnectorFiles): void {
    const { connector } = read;
    const owner = this.#ownerOf(connector);
    if (owner) return this.#settle(slot, [duplicateOf(owner)]);
    // What was wrong with its files before is not what is wrong with these.
    slot.reasons = [];
    this.#occupy(slot, connector, () => this.#admit(slot, read));
  }

  /** Another's bundle that has the id, or is about to. */
  #ownerOf({ _id, folder }: Connector): Connector | undefined {
    const owner = this.#claims.get(_id) ?? this.#byId.get(_id);
    return owner?.folder === folder ? undefined : owner;
  }

  /** As long as something is done about a bundle, scans leave its slot alone and its id is taken. */
  #occupy(slot: Slot, connector: Connector, work: () => Promise<unknown>): void {
    const { _id } = connector;
    slot.isChecking = true;
    this.#claims.set(_id, connector);
    const check: Promise<void> = work()
      .then(
        () => {},
        (error) => this.#failCheck(slot, error),
      )
      .finally(() => {
        slot.isChecking = false;
        if (this.#claims.get(_id) === connector) this.#claims.delete(_id);
        if (this.#checks.get(_id) === check) this.#checks.delete(_id);
        // What was written meanwhile, and who waited for an id that is free now.
        void this.scan();
      });
    this.#checks.set(_id, check);
  }

  /** It could not be tried or recorded: that is repeated, and what served before serves on. */
  #failCheck(slot: Slot, error: unknown): void {
    if (this.#isGone(slot)) return;
    this.#settle(slot, whyNotYet(error));
    this.#events.onError(error);
    this.#unsettled.add(slot);
    this.#scanLater();
  }

  async #admit(slot: Slot, read: ConnectorFiles): Promise<void> {
    const { connector } = read;
    const reasons = await this.#trials.reasonsAgainst(connector, slot.connector !== undefined);
    if (this.#isGone(slot)) return;
    const owner = this.#byId.get(connector._id);
    const isTaken = owner !== undefined && owner !== slot.connector;
    if (isTaken) return this.#settle(slot, [duplicateOf(owner)]);
    const adds = reasons.length > 0 ? [] : this.#acceptances.newlyAsked(connector);
    if (reasons.length === 0 && adds.length === 0) {
      await this.#accept(slot, read);
      return;
    }
    await this.#serveLast(slot, connector._id);
    if (this.#isGone(slot)) return;
    this.#settle(slot, reasons);
    if (adds.length === 0) return;
    slot.candidate = { ...read, adds };
    this.#events.onHeld(connector, adds);
  }

  /** Removed while something was done about it. */
  #isGone(slot: Slot): boolean {
    return this.#isClosed || this.#slots.get(slot.folder) !== slot;
  }

  /** @returns false if the bundle has gone meanwhile */
  async #accept(slot: Slot, read: ConnectorFiles): Promise<boolean> {
    await this.#acceptances.accept(read);
    if (this.#isGone(slot)) return false;
    slot.candidate = undefined;
    this.#settle(slot, []);
    this.#serve(slot, read);
    return true;
  }

  /** After a start: what served before, in the place of what may not. */
  async #serveLast(slot: Slot, _id: string | undefined): Promise<void> {
    if (slot.connector) return;
    const last = await this.#acceptances.lastServing({ _id, folder: slot.folder });
    if (!last || this.#isGone(slot) || this.#byId.has(last.connector._id)) return;
    this.#serve(slot, last);
  }

  #serve(slot: Slot, { connector, image }: ConnectorFiles): void {
    const replaced = slot.connector;
    if (replaced && replaced._id !== connector._id) {
      if (this.#byId.get(replaced._id) === replaced) this.#byId.delete(replaced._id);
      this.#events.onUnloaded(replaced);
    }
    slot.connector = connector;
    slot.image = image;
    this.#byId.set(connector._id, connector);
    this.#events.onLoaded(connector);
  }

  #settle(slot: Slot, reasons: readonly ErrorItem[]): void {
    const isNews = reasons.length > 0 && JSON.stringify(reasons) !== JSON.stringify(slot.reasons);
    slot.reasons = reasons;
    if (isNews) this.#events.onRefused({ _id: rowOf(slot)._id, folder: slot.folder }, reasons);
  }

  #unload(slot: Slot): void {
    const { connector, candidate, folder, reasons } = slot;
    if (connector && this.#byId.get(connector._id) === connector) this.#byId.delete(connector._id);
    if (connector || candidate || reasons.length > 0) this.#events.onUnloaded({ _id: rowOf(slot)._id, folder });
  }
}

/** Those whose change means another bundle, or another look of it. */
function filesOf(manifest: Manifest | undefined): string[] {
  if (!manifest) return ['package.json'];
  const image = imagePath(manifest.connector.imageURL);
  return ['package.json', manifest.main, ...(image === undefined ? [] : [image])];
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
