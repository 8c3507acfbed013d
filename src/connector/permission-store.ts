/**
 * The permissions granted to each connector, and the last bundle that served: neither changes when a bundle does. The
 * first version of a connector is granted what it requests by being installed; a later one that requests more waits
 * for the administrator. A connector that is removed keeps its permissions, and not its bundle.
 */
import { isDeepStrictEqual } from 'node:util';
import { uncoveredPatterns } from '../broker/origin-permissions.ts';
import type { JsonObject } from '../json.ts';
import type { Storage } from '../store/storage.ts';
import type { Connector, ConnectorFiles } from './bundle.ts';
import { readTarball } from './folder.ts';
import { extended, type GrantedPermissions, isGrantedPermissions } from './granted-permissions.ts';
import { TARBALL_BYTES, tarballOf } from './tarball.ts';

/** Of a retained tarball, which is packed less tightly than the one that was installed. */
const RETAINED_BYTES = 2 * TARBALL_BYTES;
/** Connectors that are remembered, removed ones included. */
const CONNECTORS = 10_000;

/** Why a connector is not granted anything; the message is a sentence. */
export class PermissionStoreError extends Error {
  override readonly name = 'PermissionStoreError';
}

type Engine = Pick<Storage, 'permissions' | 'bundles'>;

export class PermissionStore {
  readonly #engine: Engine;
  readonly #now: () => Date;
  readonly #byId = new Map<string, GrantedPermissions>();
  /** Digests of retained bundles by the connector's id, newest first: one, or two if a process was killed in between. */
  readonly #bundles = new Map<string, string[]>();
  /** Called when another node has granted a connector something. */
  onChange: ((connectorId: string) => void) | undefined;
  /** What is damaged, in sentences. */
  readonly problems: string[] = [];
  /** One change after the other: a bundle that goes and comes back must not lose what it comes with. */
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

  /** What a connector requests and was not granted. A new connector requests nothing in this sense. */
  newlyRequested({ _id, manifest }: Connector): readonly string[] {
    const granted = this.#byId.get(_id);
    const requested = manifest.connector.permissions?.fetch ?? [];
    if (granted) return uncoveredPatterns(granted.fetch, requested);
    // It may have been granted less, when that was still known.
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
      // The connector that was in its folder before is gone.
      const before = [...this.#byId.values()].filter((other) => other.folder === folder && other._id !== _id);
      for (const other of before) await this.#removeBundles(other._id);
    });
  }

  /** The bundle that served last under a name in the folder, or under an id, if its permissions are still granted. */
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

  /** Names in the bundles' folder; those come first whose connectors were granted permissions under them. */
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

  /** Replaces a connector's permissions by those of a backup. Durable when it resolves. */
  replace({ _id, fetch, acceptedAt, folder }: GrantedPermissions): Promise<void> {
    return this.#serialize(async () => {
      this.#assertCapacity(_id);
      // The name of its folder is this machine's own.
      await this.#put({ _id, fetch, acceptedAt, folder: this.#byId.get(_id)?.folder ?? folder });
    });
  }

  /** Resolves when nothing is being written any more. */
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

  /** For a connector that seems to be new. Another node may know it already, and be asked for less. */
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

  /** A bundle that cannot be removed goes at the next occasion. */
  async #removeBundles(_id: string, but?: string): Promise<void> {
    const digests = this.#bundles.get(_id) ?? [];
    for (const digest of digests.filter((each) => each !== but)) {
      await this.#engine.bundles.remove(_id, digest);
      digests.splice(digests.indexOf(digest), 1);
    }
    if (digests.length === 0) this.#bundles.delete(_id);
  }

  /** The newest retained bundle that is whole. */
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
      // The next one that is granted is written in its place.
      digests.splice(digests.indexOf(digest), 1);
      if (isGone) continue;
      this.#addProblem(`The last bundle of the connector ${_id}, ${digest}, is damaged.`);
    }
    return undefined;
  }

  /** Takes over what other nodes have granted. */
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
   * A connector whose record is damaged is not a new one. What its last bundle requests had been granted; without a
   * bundle, nothing is.
   */
  async #recover(_id: string): Promise<void> {
    const retained = await this.#readBundle(_id, '');
    const fetch = [...(retained?.connector.manifest.connector.permissions?.fetch ?? [])];
    const granted = { _id, fetch, folder: '', acceptedAt: this.#now().toISOString() };
    this.#byId.set(_id, granted);
    this.#addProblem(
      `The permissions granted to the connector ${_id} are damaged. What its last bundle requests stays granted; anything else needs approval.`,
    );
    await this.#put(granted).catch((error) =>
      this.#addProblem(`The permissions of the connector ${_id} cannot be written (${(error as Error).message}).`),
    );
  }
}
