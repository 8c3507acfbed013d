/**
 * Bundles that come over the API. They are checked whole before anything is stored, and then lie in the
 * bundles' folder like any other, as `{_id}.tgz`.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorItem, RequestError, requestError } from '../errors.ts';
import { asStoreError, isTemporary, replaceFile, syncFolder } from '../store/files.ts';
import { Turns } from '../work/turns.ts';
import type { Catalog } from './catalog.ts';
import { BUNDLES, bundleEntries, readTarball } from './folder.ts';
import { type ConnectorRow, rowOf, uploadedEntry } from './slot.ts';

/** Uploads that wait, their bodies unread. */
const WAITING = 16;
/** Tarballs in memory; one of them is checked and stored. */
const IN_MEMORY = 2;

export interface Uploaded {
  readonly row: ConnectorRow;
  /** It did not replace an earlier upload. */
  readonly isNew: boolean;
}

export class BundleUploads {
  readonly #folder: string;
  readonly #catalog: Catalog;
  readonly #inMemory = new Turns(IN_MEMORY);
  readonly #turns = new Turns(1);

  constructor(folder: string, catalog: Catalog) {
    this.#folder = folder;
    this.#catalog = catalog;
  }

  /** Removes what an upload has left behind that was cut off with its server. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (isTemporary(name) && /^\.[0-9a-f]{24}\.tgz\./.test(name)) await rm(join(this.#folder, name), { force: true });
    }
  }

  /**
   * Stores a tarball as the bundle of the connector that it holds. What asks for more than was accepted
   * is stored and waits to be approved, as the row says.
   *
   * @param read gives the tarball, when it has its turn
   * @throws RequestError 422 with every reason; nothing has changed then
   */
  async put(read: () => Promise<Buffer>): Promise<Uploaded> {
    if (this.#inMemory.waiting >= WAITING) throw requestError('overloaded');
    return this.#inMemory.take(async () => {
      const tarball = await read();
      return this.#turns.take(() => this.#put(tarball));
    });
  }

  async #put(tarball: Buffer): Promise<Uploaded> {
    const read = await readTarball(tarball, '');
    if (!read.connector) throw refused(read.reasons);
    const { _id, bundle } = read.connector;
    const folder = uploadedEntry(_id);
    const reasons = await this.#catalog.reasonsAgainst({ ...read.connector, folder });
    if (reasons.length > 0) throw refused(reasons);
    const entries = await stored(() => bundleEntries(this.#folder));
    const isNew = !entries.includes(folder);
    if (isNew && entries.length >= BUNDLES) {
      throw requestError('invalid_field', { field: 'bundle', message: `there are ${BUNDLES} bundles at the most` });
    }
    await stored(async () => {
      await replaceFile(join(this.#folder, folder), tarball);
      await syncFolder(this.#folder);
    });
    await this.#catalog.settled(_id);
    const slot = this.#catalog.slot(folder);
    const digests = [slot?.connector, slot?.candidate?.connector].map((connector) => connector?.bundle.digest);
    if (slot && digests.includes(bundle.digest)) return { row: rowOf(slot), isNew };
    // Somebody else has put another bundle there in the same moment, or the disk fails.
    throw slot && slot.reasons.length > 0 ? refused(slot.reasons) : requestError('conflict');
  }

  /** Whether the bundle of a connector came this way. */
  has(connectorId: string): boolean {
    const slot = this.#catalog.slot(uploadedEntry(connectorId));
    return slot !== undefined && rowOf(slot)._id === connectorId;
  }

  /** Removes the bundle of a connector that came this way. */
  async remove(connectorId: string): Promise<void> {
    await this.#turns.take(async () => {
      await stored(async () => {
        await rm(join(this.#folder, uploadedEntry(connectorId)), { force: true });
        await syncFolder(this.#folder);
      });
      await this.#catalog.settled(connectorId);
    });
  }
}

const refused = (reasons: readonly ErrorItem[]): RequestError => new RequestError(422, reasons);

function stored<T>(work: () => Promise<T>): Promise<T> {
  return work().catch((error) => {
    throw asStoreError(error);
  });
}
