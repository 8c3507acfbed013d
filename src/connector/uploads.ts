/** Bundles uploaded through the API: checked completely, then stored in the bundles' folder as `{_id}.tgz`. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorItem, RequestError, requestError } from '../errors.ts';
import { asStoreError, isTemporary, replaceFile, syncFolder } from '../store/files.ts';
import { Semaphore } from '../work/semaphore.ts';
import type { Catalog } from './catalog.ts';
import { bundleEntries, MAX_BUNDLES, readTarball } from './folder.ts';
import { type ConnectorRow, rowOf, uploadedEntry } from './registry-entry.ts';

/** Queued uploads whose bodies have not been read. */
const MAX_WAITING = 16;
/** Tarballs in memory at once. They are checked and stored one at a time. */
const MAX_IN_MEMORY = 2;

export interface UploadResult {
  readonly row: ConnectorRow;
  /** False if it replaced an earlier upload. */
  readonly isNew: boolean;
}

export class BundleUploads {
  readonly #folder: string;
  readonly #catalog: Catalog;
  readonly #share: () => Promise<void>;
  readonly #memorySemaphore = new Semaphore(MAX_IN_MEMORY);
  readonly #writeSemaphore = new Semaphore(1);

  /** @param share settles when the other nodes have the folder's content, too */
  constructor(folder: string, catalog: Catalog, share: () => Promise<void> = async () => {}) {
    this.#folder = folder;
    this.#catalog = catalog;
    this.#share = share;
  }

  /** Removes temporary files of uploads that a server crash interrupted. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (isTemporary(name) && /^\.[0-9a-f]{24}\.tgz\./.test(name)) await rm(join(this.#folder, name), { force: true });
    }
  }

  /**
   * Checks and stores a tarball. If it requests permissions nobody granted, it is stored and waits for approval,
   * as the row says.
   *
   * @param read called when the upload reaches the head of the queue
   * @throws RequestError 422 with every reason; nothing is stored then
   */
  async put(read: () => Promise<Buffer>): Promise<UploadResult> {
    if (this.#memorySemaphore.waiting >= MAX_WAITING) throw requestError('overloaded');
    return this.#memorySemaphore.run(async () => {
      const tarball = await read();
      return this.#writeSemaphore.run(() => this.#put(tarball));
    });
  }

  async #put(tarball: Buffer): Promise<UploadResult> {
    const read = await readTarball(tarball, '');
    if (!read.connector) throw refusal(read.reasons);
    const { _id, bundle } = read.connector;
    const folder = uploadedEntry(_id);
    const reasons = await this.#catalog.refusalReasons({ ...read.connector, folder });
    if (reasons.length > 0) throw refusal(reasons);
    const entries = await asStoreErrors(() => bundleEntries(this.#folder));
    const isNew = !entries.includes(folder);
    if (isNew && entries.length >= MAX_BUNDLES) {
      throw requestError('invalid_field', { field: 'bundle', message: `there can be at most ${MAX_BUNDLES} bundles` });
    }
    await asStoreErrors(async () => {
      await replaceFile(join(this.#folder, folder), tarball);
      await syncFolder(this.#folder);
      await this.#share();
    });
    await this.#catalog.settled(_id);
    const entry = this.#catalog.entry(folder);
    const digests = [entry?.connector, entry?.candidate?.connector].map((connector) => connector?.bundle.digest);
    if (entry && digests.includes(bundle.digest)) return { row: rowOf(entry), isNew };
    // Another bundle was put there at the same moment, or the disk failed.
    throw entry && entry.reasons.length > 0 ? refusal(entry.reasons) : requestError('conflict');
  }

  /** Whether a connector's bundle was uploaded. */
  has(connectorId: string): boolean {
    const entry = this.#catalog.entry(uploadedEntry(connectorId));
    return entry !== undefined && rowOf(entry)._id === connectorId;
  }

  /** Removes an uploaded bundle. */
  async remove(connectorId: string): Promise<void> {
    await this.#writeSemaphore.run(async () => {
      await asStoreErrors(async () => {
        await rm(join(this.#folder, uploadedEntry(connectorId)), { force: true });
        await syncFolder(this.#folder);
        await this.#share();
      });
      await this.#catalog.settled(connectorId);
    });
  }
}

const refusal = (reasons: readonly ErrorItem[]): RequestError => new RequestError(422, reasons);

function asStoreErrors<T>(work: () => Promise<T>): Promise<T> {
  return work().catch((error) => {
    throw asStoreError(error);
  });
}
