/**
 * What each connector may reach, as it was accepted, and the bundle that served last: in the data folder,
 * so that neither changes when a bundle does. The first version of a connector is accepted by being there;
 * a later one that asks for more waits for the administrator. A connector that goes keeps what was
 * accepted, and not its bundle.
 */
import { copyFile, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { uncoveredPatterns } from '../broker/origin-permissions.ts';
import { quarantinePath } from '../store/data-folder.ts';
import { codeOf, isTemporary, replaceFile, syncFolder } from '../store/files.ts';
import type { Connector, ConnectorFiles } from './bundle.ts';
import { readFileBounded } from './bundle-files.ts';
import { readTarball } from './folder.ts';
import { extended, type GrantedPermissions, isGrantedPermissions } from './granted-permissions.ts';
import { TARBALL_BYTES, tarballOf } from './tarball.ts';

/** Below the data folder. */
export const permissionsFolder = (dataFolder: string): string => join(dataFolder, 'connectors');

/** Connectors that are remembered, those that have gone included. */
const CONNECTORS = 10_000;
const RECORD = /^([0-9a-f]{24})\.json$/;
const BUNDLE = /^([0-9a-f]{24})-([0-9a-f]{64})\.tgz$/;

/** Whose record a file is; nothing, of one that is none. */
export const recordIdOf = (name: string): string | undefined => RECORD.exec(name)?.[1];

/** Why a connector is not taken; the message is a sentence. */
export class PermissionStoreError extends Error {
  override readonly name = 'AcceptanceError';
}

export class PermissionStore {
  readonly #folder: string;
  readonly #now: () => Date;
  readonly #byId = new Map<string, GrantedPermissions>();
  /** Files of kept bundles by the connector's id: one, or two if a process was killed in between. */
  readonly #bundles = new Map<string, Set<string>>();
  /** What is damaged, in sentences. */
  readonly problems: string[] = [];
  /** One change after the other: a bundle that goes and comes back must not lose what it comes with. */
  #lastChange: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, now: () => Date) {
    this.#folder = folder;
    this.#now = now;
  }

  static async open(folder: string, now: () => Date): Promise<PermissionStore> {
    const store = new PermissionStore(folder, now);
    await store.#open();
    return store;
  }

  /** What a connector asks for and nobody has accepted; nothing, of one that comes for the first time. */
  newlyRequested({ _id, manifest }: Connector): readonly string[] {
    const granted = this.#byId.get(_id);
    return granted ? uncoveredPatterns(granted.fetch, manifest.connector.permissions?.fetch ?? []) : [];
  }

  /**
   * Records what a bundle asks for as accepted, and keeps the bundle. Durable when it settles.
   *
   * @throws AcceptanceError, or what the disk says
   */
  grant({ connector, files }: ConnectorFiles): Promise<void> {
    return this.#serialize(async () => {
      const { _id, folder, manifest, bundle } = connector;
      const known = this.#byId.get(_id);
      this.#assertCapacity(_id);
      const requested = manifest.connector.permissions?.fetch ?? [];
      const fetch = extended(known?.fetch ?? [], requested);
      if (!known || known.folder !== folder || fetch !== known.fetch) {
        await this.#writeRecord({ _id, fetch: [...fetch], folder, acceptedAt: this.#now().toISOString() });
      }
      await this.#writeBundle(_id, fileOf(_id, bundle.digest), files);
      // What was in its place before has gone.
      const before = [...this.#byId.values()].filter((other) => other.folder === folder && other._id !== _id);
      for (const other of before) await this.#removeBundles(other._id, [...(this.#bundles.get(other._id) ?? [])]);
    });
  }

  /** The bundle that served last under a name in the folder, or under an id, as far as what is accepted covers it. */
  lastKnownGood(by: {
    readonly _id?: string | undefined;
    readonly folder: string;
  }): Promise<ConnectorFiles | undefined> {
    return this.#serialize(async () => {
      const _id = this.#idOf(by.folder) ?? by._id;
      if (_id === undefined) return undefined;
      const retained = await this.#readBundle(_id, by.folder);
      return retained && this.newlyRequested(retained.connector).length === 0 ? retained : undefined;
    });
  }

  /** Of names in the bundles' folder, those first whose connectors were accepted under them. */
  knownFirst(entries: readonly string[]): string[] {
    const owners = new Set([...this.#byId.values()].map(({ folder }) => folder));
    return [...entries.filter((folder) => owners.has(folder)), ...entries.filter((folder) => !owners.has(folder))];
  }

  /** Lets go of the kept bundles of connectors that are not needed any more. */
  retainOnly(isNeeded: (connectorId: string) => boolean): Promise<void> {
    return this.#serialize(async () => {
      for (const [_id, files] of this.#bundles) if (!isNeeded(_id)) await this.#removeBundles(_id, [...files]);
    });
  }

  /** What was accepted of a connector. */
  of(connectorId: string): GrantedPermissions | undefined {
    return this.#byId.get(connectorId);
  }

  /** What was accepted of each connector, those that have gone included. */
  all(): readonly GrantedPermissions[] {
    return [...this.#byId.values()];
  }

  /** Puts what was accepted elsewhere, or before, in the place of what is recorded. Durable when it settles. */
  replace(permissions: GrantedPermissions): Promise<void> {
    return this.#serialize(async () => {
      const { _id, fetch, acceptedAt } = permissions;
      this.#assertCapacity(_id);
      // What it is called here is this machine's own.
      await this.#writeRecord({ _id, fetch, acceptedAt, folder: this.#byId.get(_id)?.folder ?? permissions.folder });
    });
  }

  /** Settles when nothing is being written any more. */
  async settled(): Promise<void> {
    await this.#lastChange;
  }

  #serialize<T>(work: () => Promise<T>): Promise<T> {
    const change = this.#lastChange.then(work);
    this.#lastChange = change.catch(() => {
      // Whoever asked is told.
    });
    return change;
  }

  #assertCapacity(_id: string): void {
    if (this.#byId.has(_id) || this.#byId.size < CONNECTORS) return;
    throw new PermissionStoreError(`${CONNECTORS} connectors are remembered; remove files from ${this.#folder}`);
  }

  #idOf(folder: string): string | undefined {
    return [...this.#byId.values()].find(
      (granted) => granted.folder === folder && (this.#bundles.get(granted._id)?.size ?? 0) > 0,
    )?._id;
  }

  async #writeRecord(permissions: GrantedPermissions): Promise<void> {
    await replaceFile(join(this.#folder, `${permissions._id}.json`), JSON.stringify(permissions));
    await syncFolder(this.#folder);
    this.#byId.set(permissions._id, permissions);
  }

  async #writeBundle(_id: string, name: string, files: ConnectorFiles['files']): Promise<void> {
    const present = this.#bundles.get(_id) ?? new Set();
    if (!present.has(name)) {
      await replaceFile(join(this.#folder, name), await tarballOf(files));
      await syncFolder(this.#folder);
      this.#bundles.set(_id, present.add(name));
    }
    await this.#removeBundles(
      _id,
      [...present].filter((other) => other !== name),
    );
  }

  /** One that stays behind is let go of at the next occasion. */
  async #removeBundles(_id: string, names: readonly string[]): Promise<void> {
    const present = this.#bundles.get(_id);
    for (const name of names) {
      await rm(join(this.#folder, name), { force: true });
      present?.delete(name);
    }
    if (present?.size === 0) this.#bundles.delete(_id);
  }

  /** The newest that is whole. */
  async #readBundle(_id: string, folder: string): Promise<ConnectorFiles | undefined> {
    const names = this.#bundles.get(_id) ?? new Set();
    const dated = await Promise.all(
      [...names].map(async (name) => {
        const found = await stat(join(this.#folder, name)).catch(() => undefined);
        return { name, at: found?.mtimeMs ?? 0 };
      }),
    );
    for (const { name } of dated.sort((a, b) => b.at - a.at)) {
      const read = await readFileBounded(join(this.#folder, name), TARBALL_BYTES * 2).then(
        (bytes) => readTarball(bytes, folder),
        () => undefined,
      );
      // What its own name says it is, and nothing else.
      if (read?.connector && fileOf(_id, read.connector.bundle.digest) === name) return read;
      // The next one that is accepted is written in its place.
      names.delete(name);
      this.#addProblem(`The last bundle of the connector ${_id}, ${name} in ${this.#folder}, is damaged.`);
    }
    return undefined;
  }

  #addProblem(sentence: string): void {
    if (!this.problems.includes(sentence)) this.problems.push(sentence);
  }

  async #open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const names = await readdir(this.#folder);
    for (const name of names) {
      const [, _id] = BUNDLE.exec(name) ?? [];
      if (_id !== undefined) this.#bundles.set(_id, (this.#bundles.get(_id) ?? new Set()).add(name));
      if (isTemporary(name)) await rm(join(this.#folder, name), { force: true });
    }
    for (const name of names) {
      const _id = recordIdOf(name);
      if (_id !== undefined) await this.#readRecord(_id, name);
    }
  }

  async #readRecord(_id: string, name: string): Promise<void> {
    const found = await readFile(join(this.#folder, name), 'utf8').then(parsed, (error) => {
      this.#addProblem(`${name} in ${this.#folder} cannot be read (${codeOf(error)}).`);
      return undefined;
    });
    if (isGrantedPermissions(found) && found._id === _id) this.#byId.set(_id, found);
    else await this.#replaceDamaged(_id, name);
  }

  /**
   * A connector whose record is damaged is not one that comes for the first time. What its last bundle
   * asks for had been accepted; without one, nothing is.
   */
  async #replaceDamaged(_id: string, name: string): Promise<void> {
    const permissions = { _id, fetch: [] as string[], folder: '', acceptedAt: this.#now().toISOString() };
    const retained = await this.#readBundle(_id, '');
    permissions.fetch = [...(retained?.connector.manifest.connector.permissions?.fetch ?? [])];
    this.#byId.set(_id, permissions);
    const quarantined = quarantinePath(name);
    try {
      // Never a moment without a record.
      await copyFile(join(this.#folder, name), join(this.#folder, quarantined));
      await this.#writeRecord(permissions);
      this.#addProblem(
        `What the connector ${_id} was accepted with is damaged; it was set aside as ${quarantined}. What its last bundle asks for stays accepted, anything else has to be approved.`,
      );
    } catch (error) {
      this.#addProblem(`${name} in ${this.#folder} is damaged and cannot be set aside (${codeOf(error)}).`);
    }
  }
}

const fileOf = (_id: string, digest: string): string => `${_id}-${digest.replace(/^sha256-/, '')}.tgz`;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
