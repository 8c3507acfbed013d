/**
 * The connectors that can be installed: the checked bundles of a folder. A bundle that fails a check or requests
 * permissions nobody granted never replaces the one being served; the listing says why.
 */
import type { ErrorItem } from '../errors.ts';
import type { BundleReadResult, Connector, ConnectorFiles } from './bundle.ts';
import type { Approval, CatalogEvents } from './catalog-events.ts';
import { readRegistryEntry } from './entry-reader.ts';
import { bundleEntries } from './folder.ts';
import { type LoadCheck, LoadChecker } from './load-checker.ts';
import type { Manifest } from './manifest.ts';
import type { PermissionStore } from './permission-store.ts';
import type { Presentation } from './presentation.ts';
import { duplicateReason, retryReason } from './reasons.ts';
import { Registry } from './registry.ts';
import type { ConnectorRow, RegistryEntry } from './registry-entry.ts';
import { RunningChecks } from './running-checks.ts';
import { SingleFlightRescan } from './single-flight-rescan.ts';

export class Catalog {
  readonly #folder: string;
  readonly #permissions: PermissionStore;
  readonly #events: CatalogEvents;
  readonly #registry: Registry;
  readonly #rescan: SingleFlightRescan;
  readonly #checks = new RunningChecks();
  readonly #loadChecker: LoadChecker;
  #firstScan: Promise<void> | undefined;
  #start: Promise<void> | undefined;
  /** Whether all bundles present at the start have been checked. */
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
      beforeRetry: () => this.#registry.forgetFailures(),
      onError: (error) => events.onError(error),
    });
  }

  /** Why the folder cannot be listed, while that lasts. */
  get problem(): string | undefined {
    return this.#rescan.problem;
  }

  /** The connector currently served under an id. */
  get(connectorId: string): Connector | undefined {
    return this.#registry.serving(connectorId);
  }

  /** Like `get`, but waits for the first scan and for a check in progress. */
  async find(connectorId: string): Promise<Connector | undefined> {
    if (!this.get(connectorId) && !this.hasScanned) await this.#firstScan;
    if (!this.get(connectorId)) await this.#checks.ended(connectorId);
    return this.get(connectorId);
  }

  /** The first connector whose manifest matches. Waits for the first scan. */
  async findWhere(matches: (manifest: Manifest) => boolean): Promise<Connector | undefined> {
    if (!this.hasScanned) await this.#start;
    return this.#registry.allServing().find(({ manifest }) => matches(manifest));
  }

  /** Of the version being served. */
  presentationOf(connectorId: string): Presentation | undefined {
    return this.#registry.presentationOf(connectorId);
  }

  rows(): ConnectorRow[] {
    return this.#registry.rows();
  }

  row(connectorId: string): ConnectorRow | undefined {
    return this.#registry.row(connectorId);
  }

  /** The entry for a name in the folder. */
  entry(folder: string): Readonly<RegistryEntry> | undefined {
    return this.#registry.entry(folder);
  }

  /**
   * Runs the first scan; settles when everything present has been checked.
   *
   * @param prepare brings bundles into the folder first
   */
  async start(prepare: () => Promise<void> = async () => {}): Promise<void> {
    this.#firstScan ??= prepare().then(() => this.scan());
    this.#start ??= (async () => {
      await this.#firstScan;
      await this.#checks.allEnded();
      if (this.problem === undefined && !this.#isClosed) await this.#releaseUnused();
      this.hasScanned = true;
    })();
    return this.#start;
  }

  /**
   * Compares the folder with the registry and checks new bundles in the background. Calls during a scan cause
   * one more after it. Never rejects.
   */
  scan(): Promise<void> {
    return this.#rescan.scan();
  }

  /** Stops scanning; settles when work in progress has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#rescan.close();
    await this.#checks.allEnded();
    await this.#permissions.settled();
  }

  /** Why a bundle would be refused if it were put into the folder. Ignores its permissions. */
  async refusalReasons(connector: Connector): Promise<readonly ErrorItem[]> {
    await this.settled(connector._id);
    const owner = this.#ownerOf(connector);
    if (owner) return [duplicateReason(owner)];
    return (await this.#loadChecker.check(connector, this.#registry.serving(connector._id) !== undefined)).reasons;
  }

  /** Rescans; settles when no check of this connector is in progress. */
  async settled(connectorId: string): Promise<void> {
    await this.scan();
    while (this.#checks.of(connectorId)) {
      await this.#checks.ended(connectorId);
      await this.scan();
    }
  }

  /**
   * Grants the waiting version its permissions and serves it, if it has this digest. Idempotent. Durable when it
   * settles.
   */
  async approve(connectorId: string, digest: string): Promise<Approval> {
    const find = (): RegistryEntry | undefined =>
      this.#registry.entries().find(({ candidate }) => candidate?.connector._id === connectorId);
    // A second click waits for the first.
    do await this.settled(connectorId);
    while (find()?.isChecking);
    if (this.#registry.serving(connectorId)?.bundle.digest === digest) return 'approved';
    const entry = find();
    const { candidate } = entry ?? {};
    if (!entry || !candidate || candidate.connector.bundle.digest !== digest) return 'changed';
    if (this.#ownerOf(candidate.connector)) return 'changed';
    const granted = Promise.withResolvers<boolean>();
    this.#claim(entry, candidate.connector, async () => {
      granted.resolve(this.#grant(entry, candidate));
      await granted.promise.catch(() => {});
    });
    return (await granted.promise) ? 'approved' : 'changed';
  }

  /** Rechecks a connector's versions after its granted permissions changed. */
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
    // One at a time and in order: of two bundles with one id, the same one must win every time.
    for (const folder of this.#permissions.knownFirst(entries)) {
      const entry = this.#registry.entry(folder) ?? { folder, fingerprint: '', reasons: [], isChecking: false };
      const read = entry.isChecking ? undefined : await readRegistryEntry(this.#folder, entry);
      if (!read) continue;
      this.#registry.put(entry);
      await this.#handleRead(entry, read);
    }
    if (removed.length > 0 && this.hasScanned) void this.#releaseUnused();
  }

  /** Waits for all checks first: a removed bundle may have come back under another name. */
  async #releaseUnused(): Promise<void> {
    await this.#checks.allEnded();
    const isNeeded = (connectorId: string): boolean =>
      this.#registry.serving(connectorId) !== undefined || this.#checks.of(connectorId) !== undefined;
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
      this.#registry.keepServing(entry, entry.connector, read.presentation, wasHeld);
    else this.#check(entry, read);
  }

  /** Checks a bundle in the background, then serves it or records why not. */
  #check(entry: RegistryEntry, read: ConnectorFiles): void {
    const { connector } = read;
    const owner = this.#ownerOf(connector);
    if (owner) return this.#registry.setReasons(entry, [duplicateReason(owner)]);
    // Earlier reasons were about the earlier files.
    entry.reasons = [];
    this.#claim(entry, connector, () => this.#admit(entry, read));
  }

  /** Another bundle that holds this connector id or is being checked for it. */
  #ownerOf({ _id, folder }: Connector): Connector | undefined {
    const owner = this.#checks.of(_id) ?? this.#registry.serving(_id);
    return owner?.folder === folder ? undefined : owner;
  }

  /** Keeps scans away from the entry, and other bundles from its connector id, until the work is done. */
  #claim(entry: RegistryEntry, connector: Connector, work: () => Promise<unknown>): void {
    entry.isChecking = true;
    const check = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        this.#failCheck(entry, error);
      } finally {
        entry.isChecking = false;
      }
    };
    // The scan picks up files written meanwhile, and bundles that waited for this id.
    this.#checks.start(connector, check, () => void this.scan());
  }

  /** Schedules another attempt; the version being served stays. */
  #failCheck(entry: RegistryEntry, error: unknown): void {
    if (this.#isGone(entry)) return;
    this.#registry.setReasons(entry, retryReason(error));
    this.#events.onError(error);
    entry.mustRetry = true;
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

  /** The bundle was removed, or the catalog closed, during the work. */
  #isGone(entry: RegistryEntry): boolean {
    return this.#isClosed || this.#registry.entry(entry.folder) !== entry;
  }

  /** @returns false if the bundle was removed meanwhile */
  async #grant(entry: RegistryEntry, read: ConnectorFiles): Promise<boolean> {
    await this.#permissions.grant(read);
    if (this.#isGone(entry)) return false;
    entry.candidate = undefined;
    this.#registry.setReasons(entry, []);
    this.#registry.serve(entry, read);
    return true;
  }

  /** After a restart: serves the last good version instead of one that may not be served. */
  async #serveLastKnownGood(entry: RegistryEntry, _id: string | undefined): Promise<void> {
    if (entry.connector) return;
    const last = await this.#permissions.lastKnownGood({ _id, folder: entry.folder });
    if (!last || this.#isGone(entry) || this.#registry.serving(last.connector._id) !== undefined) return;
    this.#registry.serve(entry, last);
  }
}
