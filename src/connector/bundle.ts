/** A bundle's folder, read and checked as far as that goes without running it. */
import { createHash } from 'node:crypto';
import { extname, join } from 'node:path';
import type { Bundle } from '../../sandbox/index.ts';
import type { ErrorItem } from '../errors.ts';
import { OutsideError, readBounded, readInside, TooLargeError } from './bundle-file.ts';
import { type Image, readImage } from './image.ts';
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
  /** The bundle's own; what is wrong with it is no reason to refuse the bundle. */
  readonly image?: Image | undefined;
  readonly reasons: readonly ErrorItem[];
}

function reason(field: string, message: string): { reasons: ErrorItem[] } {
  return { reasons: [{ code: 'invalid_field', message, field }] };
}

/** @param folder its path; @param name what it is called in `connectors/`. */
export async function readBundle(folder: string, name: string): Promise<ReadBundle> {
  let manifestText: string;
  try {
    manifestText = String(await readBounded(join(folder, 'package.json'), MANIFEST_LIMIT_BYTES));
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
    code = String(await readInside(folder, manifest.main, CODE_LIMIT_BYTES));
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
  const sourceMap = await readBounded(join(folder, `${manifest.main}.map`), CODE_LIMIT_BYTES).then(
    String,
    () => undefined,
  );
  const image = await readImage(folder, manifest.connector.imageURL);
  return { manifest, connector: { _id, folder: name, manifest, bundle, sourceMap }, image, reasons: [] };
}

function sayWhy(error: unknown): string {
  if (error instanceof TooLargeError || error instanceof OutsideError) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'is missing';
  if (code === 'EISDIR') return 'is not a file';
  return `cannot be read (${code})`;
}
