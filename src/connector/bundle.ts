/** A bundle's folder, read and checked as far as that goes without running it. */
import { createHash } from 'node:crypto';
import { open, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { Bundle } from '../../sandbox/index.ts';
import type { ErrorItem } from '../errors.ts';
import { checkManifest, connectorIdOf, type Manifest } from './manifest.ts';

const MANIFEST_LIMIT_BYTES = 6 * 1024 * 1024;
const CODE_LIMIT_BYTES = 16 * 1024 * 1024;

/** A bundle that has passed every check. */
export interface Connector {
  readonly _id: string;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly bundle: Bundle;
  /** JSON of the bundle's source map, for the stacks of its errors. */
  readonly sourceMap?: string | undefined;
}

/** `manifest` is there if that much could be read; without a connector there are reasons. */
export interface ReadBundle {
  readonly manifest?: Manifest;
  readonly connector?: Connector;
  readonly reasons: readonly ErrorItem[];
}

function reason(field: string, message: string): { reasons: ErrorItem[] } {
  return { reasons: [{ code: 'invalid_field', message, field }] };
}

/** @param folder its path; @param name what it is called in `connectors/`. */
export async function readBundle(folder: string, name: string): Promise<ReadBundle> {
  let manifestText: string;
  try {
    manifestText = await readBounded(join(folder, 'package.json'), MANIFEST_LIMIT_BYTES);
  } catch (error) {
    return reason('package.json', `package.json ${sayWhy(error)}`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(manifestText.replace(/^\uFEFF/, ''));
  } catch {
    return reason('package.json', 'package.json is not JSON');
  }
  const { manifest, reasons } = checkManifest(parsed);
  if (!manifest) return { reasons: reasons ?? [] };

  let code: string;
  try {
    const main = await realpath(join(folder, manifest.main));
    if (!main.startsWith((await realpath(folder)) + sep)) {
      return { ...reason('main', `main (${manifest.main}) is outside the bundle`), manifest };
    }
    code = await readBounded(main, CODE_LIMIT_BYTES);
  } catch (error) {
    return { ...reason('main', `main (${manifest.main}) ${sayWhy(error)}`), manifest };
  }
  const _id = connectorIdOf(manifest.name, manifest.connector._id);
  const isModule =
    extname(manifest.main) === '.mjs' || (manifest.type === 'module' && extname(manifest.main) !== '.cjs');
  const bundle: Bundle = {
    connectorId: _id,
    digest: `sha256-${createHash('sha256').update(manifestText).update('\0').update(code).digest('hex')}`,
    filename: `${name}/${manifest.main.replace(/^\.\//, '')}`,
    format: isModule ? 'module' : 'commonjs',
    code,
  };
  const sourceMap = await readBounded(join(folder, `${manifest.main}.map`), CODE_LIMIT_BYTES).catch(() => undefined);
  return { manifest, connector: { _id, folder: name, manifest, bundle, sourceMap }, reasons: [] };
}

class TooLargeError extends Error {}

async function readBounded(path: string, limitBytes: number): Promise<string> {
  // Looked at first: opening a named pipe would wait for its writer.
  const { size } = await fileStat(path);
  if (size > limitBytes) throw new TooLargeError(`is larger than ${limitBytes} bytes`);
  const file = await open(path);
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function fileStat(path: string): Promise<{ size: number }> {
  const found = await stat(path);
  if (!found.isFile()) throw Object.assign(new Error(), { code: 'EISDIR' });
  return found;
}

function sayWhy(error: unknown): string {
  if (error instanceof TooLargeError) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'is missing';
  if (code === 'EISDIR') return 'is not a file';
  return `cannot be read (${code})`;
}
