/**
 * The permissions granted to each connector, and the last bundle that served. A new bundle alone changes neither. A
 * connector's first version is granted what it requests. A later version that requests more waits for the
 * administrator. A removed connector keeps its permissions, but not its bundle.
 */
import { isDeepStrictEqual } from 'node:util';
import { uncoveredPatterns } from '../broker/origin-permissions.ts';
import type { JsonObject } from '../json.ts';
import type { Storage } from '../store/storage.ts';
import type { Connector, ConnectorFiles } from './bundle.ts';
import { readTarball } from './folder.ts';
import { extended, type GrantedPermissions, isGrantedPermissions } from './granted-permissions.ts';
import { TARBALL_BYTES, tarballOf } from './tarball.ts';

/** Limit of a retained tarball, which is compressed less than the uploaded one. */
const RETAINED_BYTES = 2 * TARBALL_BYTES;
/** Limit of remembered connectors, including removed ones. */
const CONNECTORS = 10_000;

/** Permissions cannot be granted. The message says why. */
export class PermissionStoreError extends Error {
  override readonly name = 'PermissionStoreError';
}

type Engine = Pick<Storage, 'permissions' | 'bundles'>;

export class PermissionStore {
  readonly #engine: Engine;
  readonly #now: () => Date;
  readonly #byId = new Map<string, GrantedPermissions>();
  /** Digests of retained bundles by connector id, newest first: one, or two after a kill between write and removal. */
  readonly #bundles = new Map<string, string[]>();
  /** Called when another node grants permissions. */
  onChange: ((connectorId: string) => void) | undefined;
  /** One sentence per damage. */
  readonly problems: string[] = [];
  /** Serializes changes: a bundle that is removed and comes back at once must not be lost. */
  #lastChange: Promise<unknown> = Promise.resolve();

  private constructor(engine: Engine, now: () => Date) {
    this.#engine = engine;
    this.#now = now;
  }

  static async open(engine: Engine, now: () => Date): Promise<PermissionStore> {
    const store = new PermissionStore(engine, now);
    await store.#open();
    engine.permissions.onChange = () => void store.#serialize(() => store.#read()).catch(() => {});
    return store;
  }

  /** Requested permissions that were not granted; none for a new connector. */
  newlyRequested({ _id, manifest }: Connector): readonly string[] {
    const granted = this.#byId.get(_id);
    const requested = manifest.connector.permissions?.fetch ?? [];
    if (granted) return uncoveredPatterns(granted.fetch, requested);
    // The lost record may have granted less.
    return this.#engine.permissions.wereLost ? requested : [];
  }

  /**
   * Grants what a bundle requests, and retains the bundle. Durable when it resolves.
   *
   * @throws PermissionStoreError, or what the engine throws
   */
  grant({ connector, files }: ConnectorFiles): Promise<void> {
    return this.#serialize(async () => {
      const { _id, folder, manifest, bundle } = connector;
      const known = this.#byId.get(_id);
      this.#assertCapacity(_id);
      const fetch = extended(known?.fetch ?? [], manifest.connector.permissions?.fetch ?? []);
      const granted = { _id, fetch: [...fetch], folder, acceptedAt: this.#now().toISOString() };
      if (!known) await this.#add(granted);
      else if (known.folder !== folder || fetch !== known.fetch) await this.#put(granted);
      await this.#retain(_id, bundle.digest, files);
      // The connector that used this folder before is gone.
      const before = [...this.#byId.values()].filter((other) => other.folder === folder && other._id !== _id);
      for (const other of before) await this.#removeBundles(other._id);
    });
  }

  /** The last bundle that served under a folder name or an id, if its permissions are still granted. */
  lastKnownGood(by: {
    readonly _id?: string | undefined;
    readonly folder: string;
  }): Promise<ConnectorFiles | undefined> {
    return this.#serialize(async () => {
      // Another node may have retained another bundle meanwhile.
      const listed = Map.groupBy(await this.#engine.bundles.list(), ({ connectorId }) => connectorId);
      const own = [...this.#byId.values()].find(({ _id, folder }) => folder === by.folder && listed.has(_id));
      const _id = own?._id ?? by._id;
      if (_id === undefined) return undefined;
      const digests = (listed.get(_id) ?? []).map(({ digest }) => digest);
      this.#bundles.set(_id, digests);
      const retained = await this.#readBundle(_id, by.folder);
      return retained && this.newlyRequested(retained.connector).length === 0 ? retained : undefined;
    });
  }

  /** Sorts entries of the connectors folder: first those with granted permissions. */
  knownFirst(entries: readonly string[]): string[] {
    const owners = new Set([...this.#byId.values()].map(({ folder }) => folder));
    return [...entries.filter((folder) => owners.has(folder)), ...entries.filter((folder) => !owners.has(folder))];
  }

  /** Removes the retained bundles of other connectors. */
  retainOnly(isNeeded: (connectorId: string) => boolean): Promise<void> {
    return this.#serialize(async () => {
      for (const _id of [...this.#bundles.keys()]) if (!isNeeded(_id)) await this.#removeBundles(_id);
    });
  }

  of(connectorId: string): GrantedPermissions | undefined {
    return this.#byId.get(connectorId);
  }

  /** Of every connector, removed ones included. */
  all(): readonly GrantedPermissions[] {
    return [...this.#byId.values()];
  }

  /** Replaces a connector's permissions with those of a backup. Durable when it resolves. */
  replace({ _id, fetch, acceptedAt, folder }: GrantedPermissions): Promise<void> {
    return this.#serialize(async () => {
      this.#assertCapacity(_id);
      // The folder name differs between machines.
      await this.#put({ _id, fetch, acceptedAt, folder: this.#byId.get(_id)?.folder ?? folder });
    });
  }

  /** Resolves when no write is in progress. */
  async settled(): Promise<void> {
    await this.#lastChange;
  }

  #serialize<T>(work: () => Promise<T>): Promise<T> {
    const change = this.#lastChange.then(work);
    this.#lastChange = change.catch(() => {
      // The caller gets the error.
    });
    return change;
  }

  #assertCapacity(_id: string): void {
    if (this.#byId.has(_id) || this.#byId.size < CONNECTORS) return;
    throw new PermissionStoreError(`Permissions of ${CONNECTORS} connectors are stored, which is the limit`);
  }

  /** For a connector that seems new. Another node may know it already, from a bundle that requests less. */
  async #add(granted: GrantedPermissions): Promise<void> {
    const { _id } = granted;
    if (await this.#engine.permissions.add(granted as GrantedPermissions & JsonObject)) {
      this.#byId.set(_id, granted);
      return;
    }
    await this.#read();
    throw new PermissionStoreError('its permissions were just granted on another node; this will be retried');
  }

  async #put(granted: GrantedPermissions): Promise<void> {
    await this.#engine.permissions.put(granted as GrantedPermissions & JsonObject);
    this.#byId.set(granted._id, granted);
  }

  async #retain(_id: string, digest: string, files: ConnectorFiles['files']): Promise<void> {
    const present = this.#bundles.get(_id) ?? [];
    if (!present.includes(digest)) await this.#engine.bundles.write(_id, digest, await tarballOf(files));
    this.#bundles.set(_id, [digest, ...present.filter((other) => other !== digest)]);
    await this.#removeBundles(_id, digest);
  }

  /** If a bundle cannot be removed, a later call removes it. */
  async #removeBundles(_id: string, but?: string): Promise<void> {
    const digests = this.#bundles.get(_id) ?? [];
    for (const digest of digests.filter((each) => each !== but)) {
      await this.#engine.bundles.remove(_id, digest);
      digests.splice(digests.indexOf(digest), 1);
    }
    if (digests.length === 0) this.#bundles.delete(_id);
  }

  /** The newest intact bundle. */
  async #readBundle(_id: string, folder: string): Promise<ConnectorFiles | undefined> {
    const digests = this.#bundles.get(_id) ?? [];
    for (const digest of [...digests]) {
      let isGone = false;
      const read = await this.#engine.bundles.read(_id, digest).then(
        (bytes) => (bytes.length <= RETAINED_BYTES ? readTarball(bytes, folder) : undefined),
        (error: NodeJS.ErrnoException) => {
          isGone = error.code === 'ENOENT';
        },
      );
      if (read?.connector && read.connector.bundle.digest === digest) return read;
      // The next granted bundle takes its place.
      digests.splice(digests.indexOf(digest), 1);
      if (isGone) continue;
      this.#addProblem(`The last bundle of the connector ${_id}, ${digest}, is damaged.`);
    }
    return undefined;
  }

  /** Reads permissions granted by other nodes. */
  async #read(): Promise<void> {
    for (const { connectorId, record } of await this.#engine.permissions.all()) {
      if (!isGrantedPermissions(record) || isDeepStrictEqual(record, this.#byId.get(connectorId))) continue;
      this.#byId.set(connectorId, record);
      this.onChange?.(connectorId);
    }
  }

  #addProblem(sentence: string): void {
    if (!this.problems.includes(sentence)) this.problems.push(sentence);
  }

  async #open(): Promise<void> {
    const { permissions, bundles } = this.#engine;
    for (const { connectorId, digest } of await bundles.list()) {
      this.#bundles.set(connectorId, [...(this.#bundles.get(connectorId) ?? []), digest]);
    }
    for (const { connectorId, record } of await permissions.all()) {
      if (isGrantedPermissions(record) && record._id === connectorId) this.#byId.set(connectorId, record);
      else await this.#recover(connectorId);
    }
    if (!permissions.wereLost) return;
    for (const _id of this.#bundles.keys()) if (!this.#byId.has(_id)) await this.#recover(_id);
  }

  /**
   * Recovers a damaged record. Its connector does not count as new: grants what its last bundle requests, or nothing
   * without a bundle.
   */
  async #recover(_id: string): Promise<void> {
    const retained = await this.#readBundle(_id, '');
    const fetch = [...(retained?.connector.manifest.connector.permissions?.fetch ?? [])];
    const granted = { _id, fetch, folder: '', acceptedAt: this.#now().toISOString() };
    this.#byId.set(_id, granted);
    this.#addProblem(
      `The permissions granted to the connector ${_id} are damaged. Those that its last bundle requests stay granted; any others need approval.`,
    );
    await this.#put(granted).catch((error) =>
      this.#addProblem(`The permissions of the connector ${_id} cannot be written (${(error as Error).message}).`),
    );
  }
}
