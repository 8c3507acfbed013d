/**
 * Recognizes connectors that were written for integrator.io: a CommonJS `main` of several files that exports sections
 * of functions, and a package.json that does not mention Bulkhead.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, relative, sep } from 'node:path';
import type { JsonObject } from '../json.ts';

export interface OldStyleOptions {
  /** Treats the folder as an old connector even if it does not look like one. */
  readonly legacy?: boolean | undefined;
  /** The file that exports the functions, relative to the folder; default: `main` of package.json. */
  readonly entry?: string | undefined;
}

export type OldStyle =
  | { readonly source: string; readonly manifest: JsonObject; readonly problem?: never }
  /** The message. */
  | { readonly problem: string; readonly field: string };

/** The code's file name in the bundle. */
const MAIN = 'index.js';

/** `exports.installer = …` or `installer: …` */
const exportsSections = /\b(?:installer|uninstaller|settings|hooks|wrappers)['"\]]*\s*[:=][^:=]/;
const isCommonJs = /\b(?:module\.)?exports\b/;
/** Packages that serve old connectors. */
const startsServer = /['"](?:(?:express|lambda)-)?integrator-extension['"]/;

/** @returns undefined if it is not an old connector */
export async function readOldStyle(
  folder: string,
  values: JsonObject,
  { legacy = false, entry }: OldStyleOptions,
): Promise<OldStyle | undefined> {
  const isForced = legacy || entry !== undefined;
  if (!isForced && (values.source !== undefined || values.connector !== undefined)) return undefined;
  const file = entryFile(folder, entry ?? (typeof values.main === 'string' ? values.main : MAIN));
  if (file === undefined) {
    if (!isForced) return undefined;
    const named = entry ?? values.main ?? MAIN;
    return { problem: `The old connector's code is missing: there is no ${named} in this folder`, field: 'main' };
  }
  const text = await readFile(join(folder, file), 'utf8').catch(() => '');
  if (entry === undefined && startsServer.test(text)) {
    const how = 'name the file that exports its functions, such as: bulkhead build --entry connector.js';
    return { problem: `${file} starts a server for old connectors and is not one itself: ${how}`, field: 'main' };
  }
  if (!isForced && !(isCommonJs.test(text) && exportsSections.test(text))) return undefined;
  return { source: `./${file}`, manifest: manifestOf(folder, values) };
}

/** Resolves like Node: `lib` may be `lib.js` or `lib/index.js`. */
function entryFile(folder: string, named: string): string | undefined {
  try {
    const found = createRequire(join(folder, 'package.json')).resolve(`./${named}`);
    const path = relative(folder, found).split(sep).join('/');
    return path.startsWith('..') ? undefined : path;
  } catch {
    return undefined;
  }
}

/** The part that package.json provides. `old-style-manifest.ts` derives the rest from the code. */
function manifestOf(folder: string, values: JsonObject): JsonObject {
  const { name = basename(folder), version = '1.0.0', description, license, connector } = values;
  return {
    name,
    version,
    ...(description === undefined ? {} : { description }),
    ...(license === undefined ? {} : { license }),
    main: MAIN,
    connector: connector ?? {},
  };
}
