/** Tarballs as packed by npm, and malformed ones. */
import { gzipSync } from 'node:zlib';
import { Header, type HeaderData } from 'tar';
import type { BundleText } from './folders.ts';

const BLOCK = 512;

export type TarEntry = HeaderData & { readonly content?: string | Buffer };

/** The blocks of one entry with an arbitrary header. A type of one character is written unchanged. */
function blocksOf({ content = '', ...fields }: TarEntry): Buffer {
  const bytes = Buffer.from(content);
  const size = fields.size ?? bytes.length;
  const header = new Header({ mode: 0o644, type: 'File', mtime: new Date(0), ...fields, size });
  header.encode();
  const padding = Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK);
  return Buffer.concat([header.block as Buffer, bytes, padding]);
}

export function tarOf(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.map(blocksOf), Buffer.alloc(2 * BLOCK)]);
}

export const tgzOf = (entries: readonly TarEntry[]): Buffer => gzipSync(tarOf(entries), { level: 1 });

/** The entries of a bundle, as in `npm pack`. */
export function bundleEntries(
  name: string,
  { manifest, connector, code }: BundleText,
  top = 'package',
): readonly TarEntry[] {
  const text = { name, version: '1.0.0', main: 'index.js', ...manifest, connector: { ...connector } };
  return [
    { path: `${top}/package.json`, content: JSON.stringify(text) },
    { path: `${top}/index.js`, content: code },
  ];
}

export const packed = (name: string, bundle: BundleText, more: readonly TarEntry[] = []): Buffer =>
  tgzOf([...bundleEntries(name, bundle), ...more]);
