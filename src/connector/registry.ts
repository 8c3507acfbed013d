/** The entries of the bundles' folder, and the connector served under each id. */
import type { ErrorItem } from '../errors.ts';
import type { Connector, ConnectorFiles } from './bundle.ts';
import type { RegistryEvents } from './catalog-events.ts';
import { type Presentation, presentationKey } from './presentation.ts';
import { type ConnectorRow, type RegistryEntry, rowOf } from './registry-entry.ts';

export class Registry {
  readonly #events: RegistryEvents;
  readonly #entries = new Map<string, RegistryEntry>();
  readonly #serving = new Map<string, Connector>();

  constructor(events: RegistryEvents) {
    this.#events = events;
  }

  /** The connector currently served under an id. */
  serving(connectorId: string): Connector | undefined {
    return this.#serving.get(connectorId);
  }

  /** Treats entries as unread if their check failed through no fault of the bundle. */
  forgetFailures(): void {
    for (const entry of this.entries().filter(({ mustRetry }) => mustRetry)) {
      Object.assign(entry, { fingerprint: '', mustRetry: false });
    }
  }

  allServing(): Connector[] {
    return [...this.#serving.values()];
  }

  /** Of the version being served. */
  presentationOf(connectorId: string): Presentation | undefined {
    const folder = this.#serving.get(connectorId)?.folder;
    return folder === undefined ? undefined : this.#entries.get(folder)?.presentation;
  }

  /** The entry for a name in the folder. */
  entry(folder: string): RegistryEntry | undefined {
    return this.#entries.get(folder);
  }

  entries(): readonly RegistryEntry[] {
    return [...this.#entries.values()];
  }

  rows(): ConnectorRow[] {
    // A bundle being checked for the first time is neither ready nor refused yet.
    const known = this.entries().filter(
      ({ connector, candidate, reasons }) => connector || candidate || reasons.length > 0,
    );
    return known.map(rowOf).sort((a, b) => compare(a.name, b.name) || compare(a._id, b._id));
  }

  row(connectorId: string): ConnectorRow | undefined {
    const rows = this.rows().filter(({ _id }) => _id === connectorId);
    return rows.find(({ status }) => status === 'ready') ?? rows.find(({ status }) => status === 'held') ?? rows[0];
  }

  put(entry: RegistryEntry): void {
    this.#entries.set(entry.folder, entry);
  }

  /** The bundle is no longer in the folder. */
  remove(entry: RegistryEntry): void {
    const { connector, candidate, folder, reasons } = entry;
    this.#entries.delete(folder);
    this.#stopServing(connector);
    if (connector || candidate || reasons.length > 0) this.#events.onUnloaded({ _id: rowOf(entry)._id, folder });
  }

  serve(entry: RegistryEntry, { connector, presentation }: ConnectorFiles): void {
    const replaced = entry.connector;
    if (replaced && replaced._id !== connector._id) {
      this.#stopServing(replaced);
      this.#events.onUnloaded(replaced);
    }
    entry.connector = connector;
    entry.presentation = presentation;
    this.#serving.set(connector._id, connector);
    this.#events.onLoaded(connector);
  }

  /** The version on disk is the one being served. Only its image and texts may have changed. */
  keepServing(entry: RegistryEntry, connector: Connector, presentation: Presentation, wasHeld: boolean): void {
    const isSame = presentationKey(entry.presentation) === presentationKey(presentation);
    const isUnchanged = !wasHeld && entry.reasons.length === 0 && isSame;
    entry.presentation = presentation;
    this.setReasons(entry, []);
    if (!isUnchanged) this.#events.onLoaded(connector);
  }

  /** Stops serving a bundle that is still in the folder. */
  withdraw(entry: RegistryEntry, connector: Connector): void {
    entry.connector = undefined;
    entry.presentation = undefined;
    this.#stopServing(connector);
    this.#events.onUnloaded(connector);
  }

  setReasons(entry: RegistryEntry, reasons: readonly ErrorItem[]): void {
    const isNew = reasons.length > 0 && JSON.stringify(reasons) !== JSON.stringify(entry.reasons);
    entry.reasons = reasons;
    if (isNew) this.#events.onRefused({ _id: rowOf(entry)._id, folder: entry.folder }, reasons);
  }

  #stopServing(connector: Connector | undefined): void {
    if (connector && this.#serving.get(connector._id) === connector) this.#serving.delete(connector._id);
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
