/** A bundle as an npm-style `.tgz`: the same files give the same bytes, on every machine and at any time. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { packTar } from 'modern-tar';
import type { BundleFile } from './stage.ts';

const compress = promisify(gzip);

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

export async function tarballOf(files: readonly BundleFile[]): Promise<Tarball> {
  const ordered = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const entries = ordered.map(({ path, content }) => ({
    header: { name: `package/${path}`, size: content.length, mode: 0o644, mtime: DATE, uid: 0, gid: 0 },
    body: content,
  }));
  const bytes = await compress(await packTar(entries), { level: 9 });
  bytes[OS_BYTE] = UNKNOWN_OS;
  return { bytes, digest: `sha256-${createHash('sha256').update(bytes).digest('hex')}` };
}
