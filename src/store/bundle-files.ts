/** Stores the bundle that each connector last served, as a tarball in the data folder. */
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTemporaries, replaceFile, syncFolder } from './files.ts';
import type { BundleStore } from './storage.ts';

const NAME = /^([0-9a-f]{24})-([0-9a-f]{64})\.tgz$/;
const ALGORITHM = 'sha256-';

export class BundleFiles implements BundleStore {
  readonly #folder: string;
  /** Time of the last write, in milliseconds. */
  #lastWrite = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Also deletes temporary files of interrupted writes. */
  static async open(folder: string): Promise<BundleFiles> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeTemporaries(folder);
    return new BundleFiles(folder);
  }

  async list(): Promise<{ connectorId: string; digest: string }[]> {
    const names = (await readdir(this.#folder)).filter((name) => NAME.test(name));
    const dated = await Promise.all(
      names.map(async (name) => {
        const found = await stat(join(this.#folder, name)).catch(() => undefined);
        return { name, at: found?.mtimeMs ?? 0 };
      }),
    );
    return dated
      .sort((a, b) => b.at - a.at)
      .map(({ name }) => {
        const [, connectorId = '', hex = ''] = NAME.exec(name) ?? [];
        return { connectorId, digest: ALGORITHM + hex };
      });
  }

  read(connectorId: string, digest: string): Promise<Buffer> {
    return readFile(this.#path(connectorId, digest));
  }

  async write(connectorId: string, digest: string, tarball: Buffer): Promise<void> {
    const path = this.#path(connectorId, digest);
    await replaceFile(path, tarball);
    // The system's own times are too coarse to say which of two was written first.
    this.#lastWrite = Math.max(Date.now(), this.#lastWrite + 1);
    await utimes(path, this.#lastWrite / 1_000, this.#lastWrite / 1_000);
    await syncFolder(this.#folder);
  }

  async remove(connectorId: string, digest: string): Promise<void> {
    await rm(this.#path(connectorId, digest), { force: true });
  }

  #path(connectorId: string, digest: string): string {
    return join(this.#folder, `${connectorId}-${digest.slice(ALGORITHM.length)}.tgz`);
  }
}
