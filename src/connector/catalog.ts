/**
 * What can be installed: the bundles of a folder, checked. A bundle that does not pass, or asks for more
 * than was accepted, never replaces one that serves; the listing says why.
 */
import type { ErrorItem } from '../errors.ts';
import type { BundleReadResult, Connector, ConnectorFiles } from './bundle.ts';
import { readRegistryEntry } from './entry-reader.ts';
import { bundleEntries } from './folder.ts';
import type { Image } from './image.ts';
import { type LoadCheck, LoadChecker } from './load-checker.ts';
import type { PermissionStore } from './permission-store.ts';
import { duplicateReason, retryReason } from './reasons.ts';
import { Registry, type RegistryEvents } from './registry.ts';
import type { ConnectorRow, RegistryEntry } from './registry-entry.ts';
import { SingleFlightRescan } from './single-flight-rescan.ts';

export interface CatalogEvents extends RegistryEvents {
  /** A version waits to be approved. */
  onHeld(connector: Connector, adds: readonly string[]): void;
  /** The folder could not be listed, or a check failed by a fault of ours. */
  onError(error: unknown): void;
}

/** What became of an approval: `changed` if what was shown is not what waits now. */
export type Approval = 'approved' | 'changed';

export class Catalog {
  readonly #folder: string;
  readonly #permissions: PermissionStore;
  readonly #events: CatalogEvents;
  readonly #registry: Registry;
  readonly #rescan: SingleFlightRescan;
  /** Ids of bundles that are being checked. */
  readonly #claims = new Map<string, Connector>();
  /** Checks that are going or waiting, by the id that they are for. */
  readonly #checks = new Map<string, Promise<void>>();
  readonly #loadChecker: LoadChecker;
  /** What could not be tried or recorded. */
  readonly #retryable = new Set<RegistryEntry>();
  #start: Promise<void> | undefined;
  /** Whether the bundles that lay there at the start have all been looked at. */
  hasScanned = false;
  #isClosed = false;

  constructor(folder: string, loadCheck: LoadCheck, permissions: PermissionStore, events: CatalogEvents) {
    this.#folder = folder;
    this.#loadChecker = new LoadChecker(loadCheck);
    this.#permissions = permissions;
    this.#events = events;
    this.#registry = new Registry(events);
    this.#rescan = new SingleFlightRescan({
      scanOnce: () => this.#scan(),
      beforeRetry: () => {
        for (const entry of this.#retryable) entry.fingerprint = '';
        this.#retryable.clear();
      },
      onError: (error) => events.onError(error),
    });
  }

  /** Why the folder could not be listed, as long as it cannot. */
  get problem(): string | undefined {
    return this.#rescan.problem;
  }

  /** The connector that serves under an id now. */
  get(connectorId: string): Connector | undefined {
    return this.#registry.serving(connectorId);
  }

  /** The same, but waits for the bundles that lay there at the start, and for the first check of a new one. */
  async find(connectorId: string): Promise<Connector | undefined> {
    if (!this.#registry.serving(connectorId)) {
      if (!this.hasScanned) await this.#rescan.running;
      await this.#checks.get(connectorId);
    }
    return this.#registry.serving(connectorId);
  }

  /** The image that the connector's bundle brings along. */
  imageOf(connectorId: string): Image | undefined {
    return this.#registry.imageOf(connectorId);
  }

  rows(): ConnectorRow[] {
    return this.#registry.rows();
  }

  row(connectorId: string): ConnectorRow | undefined {
    return this.#registry.row(connectorId);
  }

  /** What lies under a name in the folder. */
  entry(folder: string): Readonly<RegistryEntry> | undefined {
    return this.#registry.entry(folder);
  }

  /** The first scan; settles when what lay there at the start has been checked. */
  async start(): Promise<void> {
    this.#start ??= (async () => {
      await this.scan();
      await Promise.all(this.#checks.values());
      if (this.problem === undefined && !this.#isClosed) await this.#releaseUnused();
      this.hasScanned = true;
    })();
    return this.#start;
  }

  /**
   * Compares the folder with what is loaded; what is new is checked in the background. Calls during a
   * scan lead to one more after it. Never rejects.
   */
  scan(): Promise<void> {
    return this.#rescan.scan();
  }

  /** Looks at nothing any more; settles when what was going on has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#rescan.close();
    await Promise.all(this.#checks.values());
    await this.#permissions.settled();
  }

  /** What stands against a bundle, were it to lie under its name in the folder: everything but what it asks for. */
  async refusalReasons(connector: Connector): Promise<readonly ErrorItem[]> {
    await this.settled(connector._id);
    const owner = this.#ownerOf(connector);
    if (owner) return [duplicateReason(owner)];
    return (await this.#loadChecker.check(connector, this.#registry.serving(connector._id) !== undefined)).reasons;
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
    const find = (): RegistryEntry | undefined =>
      this.#registry.entries().find(({ candidate }) => candidate?.connector._id === connectorId);
    // A second click waits for what the first has begun.
    do await this.settled(connectorId);
    while (find()?.isChecking);
    if (this.#registry.serving(connectorId)?.bundle.digest === digest) return 'approved';
    const entry = find();
    const { candidate } = entry ?? {};
    if (!entry || !candidate || candidate.connector.bundle.digest !== digest) return 'changed';
    if (this.#ownerOf(candidate.connector)) return 'changed';
    let approval: Approval = 'changed';
    const outcome = Promise.withResolvers<void>();
    this.#claim(entry, candidate.connector, async () => {
      try {
        if (await this.#grant(entry, candidate)) approval = 'approved';
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
    for (const entry of this.#registry.entries()) {
      const { connector, candidate } = entry;
      if (connector?._id === connectorId && this.#permissions.newlyRequested(connector).length > 0) {
        this.#registry.withdraw(entry, connector);
      } else if (candidate?.connector._id !== connectorId) {
        continue;
      }
      entry.candidate = undefined;
      entry.fingerprint = '';
    }
    await this.settled(connectorId);
  }

  async #scan(): Promise<void> {
    const entries = await bundleEntries(this.#folder);
    const present = new Set(entries);
    const removed = this.#registry.entries().filter(({ folder }) => !present.has(folder));
    for (const entry of removed) this.#registry.remove(entry);
    // Read one after the other and in order, so that of two with one id the first is the same each time.
    for (const folder of this.#permissions.knownFirst(entries)) {
      const entry = this.#registry.entry(folder) ?? { folder, fingerprint: '', reasons: [], isChecking: false };
      const read = entry.isChecking ? undefined : await readRegistryEntry(this.#folder, entry);
      if (!read) continue;
      this.#registry.put(entry);
      await this.#handleRead(entry, read);
    }
    if (removed.length > 0 && this.hasScanned) void this.#releaseUnused();
  }

  /** A bundle may have gone to come back under another name: first all is looked at. */
  async #releaseUnused(): Promise<void> {
    await Promise.all(this.#checks.values());
    const isNeeded = (connectorId: string): boolean =>
      this.#registry.serving(connectorId) !== undefined || this.#claims.has(connectorId);
    await this.#permissions.retainOnly(isNeeded).catch((error) => this.#events.onError(error));
  }

  async #handleRead(entry: RegistryEntry, read: BundleReadResult): Promise<void> {
    const { connector } = read;
    if (!connector) {
      entry.candidate = undefined;
      await this.#serveLastKnownGood(entry, undefined);
      return this.#registry.setReasons(entry, read.reasons);
    }
    const { digest } = connector.bundle;
    if (digest === entry.candidate?.connector.bundle.digest) return this.#registry.setReasons(entry, []);
    const wasHeld = entry.candidate !== undefined;
    entry.candidate = undefined;
    if (digest === entry.connector?.bundle.digest)
      this.#registry.keepServing(entry, entry.connector, read.image, wasHeld);
    else this.#check(entry, read);
  }

  /** Checks a bundle in the background and makes it the one that serves, or says why not. */
  #check(entry: RegistryEntry, read: ConnectorFiles): void {
    const { connector } = read;
    const owner = this.#ownerOf(connector);
    if (owner) return this.#registry.setReasons(entry, [duplicateReason(owner)]);
    // What was wrong with its files before is not what is wrong with these.
    entry.reasons = [];
    this.#claim(entry, connector, () => this.#admit(entry, read));
  }

  /** Another's bundle that has the id, or is about to. */
  #ownerOf({ _id, folder }: Connector): Connector | undefined {
    const owner = this.#claims.get(_id) ?? this.#registry.serving(_id);
    return owner?.folder === folder ? undefined : owner;
  }

  /** As long as something is done about a bundle, scans leave its slot alone and its id is taken. */
  #claim(entry: RegistryEntry, connector: Connector, work: () => Promise<unknown>): void {
    const { _id } = connector;
    entry.isChecking = true;
    this.#claims.set(_id, connector);
    const check: Promise<void> = work()
      .then(
        () => {},
        (error) => this.#failCheck(entry, error),
      )
      .finally(() => {
        entry.isChecking = false;
        if (this.#claims.get(_id) === connector) this.#claims.delete(_id);
        if (this.#checks.get(_id) === check) this.#checks.delete(_id);
        // What was written meanwhile, and who waited for an id that is free now.
        void this.scan();
      });
    this.#checks.set(_id, check);
  }

  /** It could not be tried or recorded: that is repeated, and what served before serves on. */
  #failCheck(entry: RegistryEntry, error: unknown): void {
    if (this.#isGone(entry)) return;
    this.#registry.setReasons(entry, retryReason(error));
    this.#events.onError(error);
    this.#retryable.add(entry);
    this.#rescan.scheduleRetry();
  }

  async #admit(entry: RegistryEntry, read: ConnectorFiles): Promise<void> {
    const { connector } = read;
    const { reasons, warnings } = await this.#loadChecker.check(connector, entry.connector !== undefined);
    if (this.#isGone(entry)) return;
    if (reasons.length === 0) entry.warnings = warnings;
    const owner = this.#registry.serving(connector._id);
    const isTaken = owner !== undefined && owner !== entry.connector;
    if (isTaken) return this.#registry.setReasons(entry, [duplicateReason(owner)]);
    const adds = reasons.length > 0 ? [] : this.#permissions.newlyRequested(connector);
    if (reasons.length === 0 && adds.length === 0) {
      await this.#grant(entry, read);
      return;
    }
    await this.#serveLastKnownGood(entry, connector._id);
    if (this.#isGone(entry)) return;
    this.#registry.setReasons(entry, reasons);
    if (adds.length === 0) return;
    entry.candidate = { ...read, adds };
    this.#events.onHeld(connector, adds);
  }

  /** Removed while something was done about it. */
  #isGone(entry: RegistryEntry): boolean {
    return this.#isClosed || this.#registry.entry(entry.folder) !== entry;
  }

  /** @returns false if the bundle has gone meanwhile */
  async #grant(entry: RegistryEntry, read: ConnectorFiles): Promise<boolean> {
    await this.#permissions.grant(read);
    if (this.#isGone(entry)) return false;
    entry.candidate = undefined;
    this.#registry.setReasons(entry, []);
    this.#registry.serve(entry, read);
    return true;
  }

  /** After a start: what served before, in the place of what may not. */
  async #serveLastKnownGood(entry: RegistryEntry, _id: string | undefined): Promise<void> {
    if (entry.connector) return;
    const last = await this.#permissions.lastKnownGood({ _id, folder: entry.folder });
    if (!last || this.#isGone(entry) || this.#registry.serving(last.connector._id) !== undefined) return;
    this.#registry.serve(entry, last);
  }
}
