/** Reads a bundle and checks it without running its code. */
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { type Bundle, hasMoreParts, nestsDeeper } from '../../sandbox/index.ts';
import type { ErrorItem } from '../errors.ts';
import { type BundleFiles, UnreadableError } from './bundle-files.ts';
import { checkManifest, connectorIdOf, type Manifest } from './manifest.ts';
import { type Presentation, readPresentation } from './presentation.ts';

const MANIFEST_FILE = 'package.json';
const MANIFEST_LIMIT_BYTES = 1024 * 1024;
/** Arrays, objects and property names. */
const MAX_MANIFEST_PARTS = 100_000;
/** Nesting of the whole package.json, including what other tools put there. */
const MAX_MANIFEST_DEPTH = 1_000;
const CODE_LIMIT_BYTES = 16 * 1024 * 1024;
/** Larger source maps are ignored: see source-map.ts. */
const MAP_LIMIT_BYTES = 6 * 1024 * 1024;
/** Hashed at once before yielding to the event loop. */
const SLICE_BYTES = 1024 * 1024;

/** A bundle that has passed every check. */
export interface Connector {
  readonly _id: string;
  /** Its name in `connectors/`: a folder's, or a tarball's with `.tgz`. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly bundle: Bundle;
  /** JSON of the bundle's source map, for the stacks of its errors. */
  readonly sourceMap?: string | undefined;
}

/** A connector and the files it was read from, by path: enough to pack the bundle again. */
export interface ConnectorFiles {
  readonly connector: Connector;
  readonly files: ReadonlyMap<string, Buffer>;
  readonly presentation: Presentation;
}

/** A refused bundle still has its `manifest` if that part was valid. */
export type BundleReadResult =
  | (ConnectorFiles & { readonly manifest: Manifest; readonly reasons: readonly [] })
  | {
      readonly manifest?: Manifest;
      readonly connector?: never;
      readonly presentation?: never;
      readonly reasons: readonly ErrorItem[];
    };

export function refusal(field: string, message: string): { reasons: ErrorItem[] } {
  return { reasons: [{ code: 'invalid_field', message, field }] };
}

/**
 * @param folder the bundle's name in `connectors/`
 * @param isPacked stack traces then show the manifest's name, since a tarball's own name may be a version or an id
 */
export async function readBundle(files: BundleFiles, folder: string, isPacked = false): Promise<BundleReadResult> {
  const contents = new Map<string, Buffer>();
  const recording: BundleFiles = {
    async read(path, limitBytes) {
      const bytes = await files.read(path, limitBytes);
      contents.set(path.replace(/^\.\//, ''), bytes);
      return bytes;
    },
  };
  const read = async (path: string, limitBytes: number): Promise<string> =>
    String(await recording.read(path, limitBytes));
  let manifestText: string;
  try {
    manifestText = await read(MANIFEST_FILE, MANIFEST_LIMIT_BYTES);
  } catch (error) {
    return refusal(MANIFEST_FILE, `${MANIFEST_FILE} ${reasonOf(error)}`);
  }
  if (nestsDeeper(manifestText, MAX_MANIFEST_DEPTH)) {
    return refusal(MANIFEST_FILE, `${MANIFEST_FILE} nests deeper than ${MAX_MANIFEST_DEPTH} levels`);
  }
  if (hasMoreParts(manifestText, MAX_MANIFEST_PARTS)) {
    return refusal(MANIFEST_FILE, `${MANIFEST_FILE} has more than ${MAX_MANIFEST_PARTS} arrays, objects and names`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(manifestText.replace(/^\uFEFF/, ''));
  } catch {
    return refusal(MANIFEST_FILE, `${MANIFEST_FILE} is not JSON`);
  }
  const { manifest, reasons } = checkManifest(parsed);
  if (!manifest) return { reasons: reasons ?? [] };

  let code: string;
  try {
    code = await read(manifest.main, CODE_LIMIT_BYTES);
  } catch (error) {
    return { ...refusal('main', `main (${manifest.main}) ${reasonOf(error)}`), manifest };
  }
  const _id = connectorIdOf(manifest.name, manifest.connector._id);
  const isModule =
    extname(manifest.main) === '.mjs' || (manifest.type === 'module' && extname(manifest.main) !== '.cjs');
  const bundle: Bundle = {
    connectorId: _id,
    digest: `sha256-${await digestOf(`${manifestText}\0`, code)}`,
    filename: `${isPacked ? manifest.name : folder}/${manifest.main.replace(/^\.\//, '')}`,
    format: isModule ? 'module' : 'commonjs',
    code,
  };
  const sourceMap = await read(`${manifest.main}.map`, MAP_LIMIT_BYTES).catch(() => undefined);
  const presentation = await readPresentation(recording, manifest.connector.imageURL);
  const connector = { _id, folder, manifest, bundle, sourceMap };
  return { manifest, connector, files: contents, presentation, reasons: [] };
}

async function digestOf(...texts: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const text of texts) {
    const bytes = Buffer.from(text);
    for (let offset = 0; offset < bytes.length; offset += SLICE_BYTES) {
      hash.update(bytes.subarray(offset, offset + SLICE_BYTES));
      if (offset + SLICE_BYTES < bytes.length) await yieldToEventLoop();
    }
  }
  return hash.digest('hex');
}

function reasonOf(error: unknown): string {
  if (error instanceof UnreadableError) return error.message;
  throw error;
}
