/** A bundle as an npm-style `.tgz`: the same files give the same bytes, on every machine and at any time. */
import { createHash } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { create } from 'tar';
import { type BundleFile, inTemporaryFolder, writeFiles } from './stage.ts';

/** As npm dates what it packs: some tools cannot do with the year 1970. */
const DATE = new Date('1985-10-26T08:15:00Z');
/** Of the gzip header: which system has made it. 255 is none. */
const OS_BYTE = 9;
const UNKNOWN_OS = 255;

export interface Tarball {
  readonly bytes: Uint8Array;
  /** Of the file. */
  readonly digest: string;
}

export function tarballOf(files: readonly BundleFile[]): Promise<Tarball> {
  return inTemporaryFolder(async (cwd) => {
    await writeFiles(files, cwd);
    const paths = files.map(({ path }) => path).sort();
    for (const path of paths) await chmod(join(cwd, path), 0o644);
    // A name that begins with @ would be read as an archive to be taken over.
    const entries = paths.map((path) => `./${path}`);
    const packing = create({ cwd, portable: true, mtime: DATE, prefix: 'package', gzip: { level: 9 } }, entries);
    const bytes = await buffer(packing as unknown as AsyncIterable<Uint8Array>);
    bytes[OS_BYTE] = UNKNOWN_OS;
    return { bytes, digest: `sha256-${createHash('sha256').update(bytes).digest('hex')}` };
  });
}
