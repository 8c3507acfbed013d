/**
 * What can be installed: the bundles of a folder, checked. A bundle that does not pass, or asks for more
 * than was accepted, never replaces one that serves; the listing says why.
 */
import type { ErrorItem } from '../errors.ts';
import type { Acceptances } from './acceptances.ts';
import type { Connector, ConnectorFiles, ReadBundle } from './bundle.ts';
import { bundleEntries } from './folder.ts';
import type { Image } from './image.ts';
import { duplicateOf, whyNotYet } from './reasons.ts';
import { Scans } from './scans.ts';
import { Shelf, type ShelfEvents } from './shelf.ts';
import type { ConnectorRow, Slot } from './slot.ts';
import { readSlot } from './slot-reading.ts';
import { type LoadCheck, Trials } from './trials.ts';

export interface CatalogEvents extends ShelfEvents {
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
  readonly #shelf: Shelf;
  readonly #scans: Scans;
  /** Ids of bundles that are being checked. */
  readonly #claims = new Map<string, Connector>();
  /** Checks that are going or waiting, by the id that they are for. */
  readonly #checks = new Map<string, Promise<void>>();
  readonly #trials: Trials;
  /** What could not be tried or recorded. */
  readonly #unsettled = new Set<Slot>();
  #start: Promise<void> | undefined;
  /** Whether the bundles that lay there at the start have all been looked at. */
  isScanned = false;
  #isClosed = false;

  constructor(folder: string, loads: LoadCheck, acceptances: Acceptances, events: CatalogEvents) {
    this.#folder = folder;
    this.#trials = new Trials(loads);
    this.#acceptances = acceptances;
    this.#events = events;
    this.#shelf = new Shelf(events);
    this.#scans = new Scans({
      scanOnce: () => this.#scanOnce(),
      beforeRetry: () => {
        for (const slot of this.#unsettled) slot.fingerprint = '';
        this.#unsettled.clear();
      },
      onError: (error) => events.onError(error),
    });
  }

  /** Why the folder could not be listed, as long as it cannot. */
  get problem(): string | undefined {
    return this.#scans.problem;
  }

  /** The connector that serves under an id now. */
  get(connectorId: string): Connector | undefined {
    return this.#shelf.serving(connectorId);
  }

  /** The same, but waits for the bundles that lay there at the start, and for the first check of a new one. */
  async find(connectorId: string): Promise<Connector | undefined> {
    if (!this.#shelf.serving(connectorId)) {
      if (!this.isScanned) await this.#scans.going;
      await this.#checks.get(connectorId);
    }
    return this.#shelf.serving(connectorId);
  }

  /** The image that the connector's bundle brings along. */
  imageOf(connectorId: string): Image | undefined {
    return this.#shelf.imageOf(connectorId);
  }

  rows(): ConnectorRow[] {
    return this.#shelf.rows();
  }

  row(connectorId: string): ConnectorRow | undefined {
    return this.#shelf.row(connectorId);
  }

  /** What lies under a name in the folder. */
  slot(folder: string): Readonly<Slot> | undefined {
    return this.#shelf.slot(folder);
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
    return this.#scans.scan();
  }

  /** Looks at nothing any more; settles when what was going on has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#scans.close();
    await Promise.all(this.#checks.values());
    await this.#acceptances.settled();
  }

  /** What stands against a bundle, were it to lie under its name in the folder: everything but what it asks for. */
  async reasonsAgainst(connector: Connector): Promise<readonly ErrorItem[]> {
    await this.settled(connector._id);
    const owner = this.#ownerOf(connector);
    if (owner) return [duplicateOf(owner)];
    return (await this.#trials.try(connector, this.#shelf.serving(connector._id) !== undefined)).reasons;
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
      this.#shelf.slots().find(({ candidate }) => candidate?.connector._id === connectorId);
    // A second click waits for what the first has begun.
    do await this.settled(connectorId);
    while (find()?.isChecking);
    if (this.#shelf.serving(connectorId)?.bundle.digest === digest) return 'approved';
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

  /** What was accepted of a connector is another now: its versions are looked at as if they had just come. */
  async reconsider(connectorId: string): Promise<void> {
    await this.settled(connectorId);
    for (const slot of this.#shelf.slots()) {
      const { connector, candidate } = slot;
      if (connector?._id === connectorId && this.#acceptances.newlyAsked(connector).length > 0) {
        this.#shelf.withdraw(slot, connector);
      } else if (candidate?.connector._id !== connectorId) {
        continue;
      }
      slot.candidate = undefined;
      slot.fingerprint = '';
    }
    await this.settled(connectorId);
  }

  async #scanOnce(): Promise<void> {
    const entries = await bundleEntries(this.#folder);
    const present = new Set(entries);
    const gone = this.#shelf.slots().filter(({ folder }) => !present.has(folder));
    for (const slot of gone) this.#shelf.remove(slot);
    // Read one after the other and in order, so that of two with one id the first is the same each time.
    for (const folder of this.#acceptances.ownersFirst(entries)) {
      const slot = this.#shelf.slot(folder) ?? { folder, fingerprint: '', reasons: [], isChecking: false };
      const read = slot.isChecking ? undefined : await readSlot(this.#folder, slot);
      if (!read) continue;
      this.#shelf.put(slot);
      await this.#take(slot, read);
    }
    if (gone.length > 0 && this.isScanned) void this.#letGoOfUnused();
  }

  /** A bundle may have gone to come back under another name: first all is looked at. */
  async #letGoOfUnused(): Promise<void> {
    await Promise.all(this.#checks.values());
    const isNeeded = (connectorId: string): boolean =>
      this.#shelf.serving(connectorId) !== undefined || this.#claims.has(connectorId);
    await this.#acceptances.keepOnly(isNeeded).catch((error) => this.#events.onError(error));
  }

  async #take(slot: Slot, read: ReadBundle): Promise<void> {
    const { connector } = read;
    if (!connector) {
      slot.candidate = undefined;
      await this.#serveLast(slot, undefined);
      return this.#shelf.settle(slot, read.reasons);
    }
    const { digest } = connector.bundle;
    if (digest === slot.candidate?.connector.bundle.digest) return this.#shelf.settle(slot, []);
    const wasHeld = slot.candidate !== undefined;
    slot.candidate = undefined;
    if (digest === slot.connector?.bundle.digest) this.#shelf.keep(slot, slot.connector, read.image, wasHeld);
    else this.#check(slot, read);
  }

  /** Checks a bundle in the background and makes it the one that serves, or says why not. */
  #check(slot: Slot, read: ConnectorFiles): void {
    const { connector } = read;
    const owner = this.#ownerOf(connector);
    if (owner) return this.#shelf.settle(slot, [duplicateOf(owner)]);
    // What was wrong with its files before is not what is wrong with these.
    slot.reasons = [];
    this.#occupy(slot, connector, () => this.#admit(slot, read));
  }

  /** Another's bundle that has the id, or is about to. */
  #ownerOf({ _id, folder }: Connector): Connector | undefined {
    const owner = this.#claims.get(_id) ?? this.#shelf.serving(_id);
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
    this.#shelf.settle(slot, whyNotYet(error));
    this.#events.onError(error);
    this.#unsettled.add(slot);
    this.#scans.scanLater();
  }

  async #admit(slot: Slot, read: ConnectorFiles): Promise<void> {
    const { connector } = read;
    const { reasons, warnings } = await this.#trials.try(connector, slot.connector !== undefined);
    if (this.#isGone(slot)) return;
    if (reasons.length === 0) slot.warnings = warnings;
    const owner = this.#shelf.serving(connector._id);
    const isTaken = owner !== undefined && owner !== slot.connector;
    if (isTaken) return this.#shelf.settle(slot, [duplicateOf(owner)]);
    const adds = reasons.length > 0 ? [] : this.#acceptances.newlyAsked(connector);
    if (reasons.length === 0 && adds.length === 0) {
      await this.#accept(slot, read);
      return;
    }
    await this.#serveLast(slot, connector._id);
    if (this.#isGone(slot)) return;
    this.#shelf.settle(slot, reasons);
    if (adds.length === 0) return;
    slot.candidate = { ...read, adds };
    this.#events.onHeld(connector, adds);
  }

  /** Removed while something was done about it. */
  #isGone(slot: Slot): boolean {
    return this.#isClosed || this.#shelf.slot(slot.folder) !== slot;
  }

  /** @returns false if the bundle has gone meanwhile */
  async #accept(slot: Slot, read: ConnectorFiles): Promise<boolean> {
    await this.#acceptances.accept(read);
    if (this.#isGone(slot)) return false;
    slot.candidate = undefined;
    this.#shelf.settle(slot, []);
    this.#shelf.serve(slot, read);
    return true;
  }

  /** After a start: what served before, in the place of what may not. */
  async #serveLast(slot: Slot, _id: string | undefined): Promise<void> {
    if (slot.connector) return;
    const last = await this.#acceptances.lastServing({ _id, folder: slot.folder });
    if (!last || this.#isGone(slot) || this.#shelf.serving(last.connector._id) !== undefined) return;
    this.#shelf.serve(slot, last);
  }
}
