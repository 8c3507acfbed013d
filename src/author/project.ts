/**
 * Reads an author's folder: a bundle, or the source of one. `source` in package.json is the entry point of the build;
 * without it, `main` is the code itself.
 */
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { authorFindings } from '../connector/author-manifest.ts';
import { checkManifest, type Manifest } from '../connector/manifest.ts';
import type { ErrorItem } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { Finding } from './finding.ts';
import { type OldStyleOptions, readOldStyle } from './old-style.ts';

export interface Project {
  readonly folder: string;
  /** The folder's own name. */
  readonly name: string;
  readonly manifest: Manifest;
  /** Entry point of the build, relative to the folder. */
  readonly source?: string | undefined;
  /**
   * For an old connector: the content of package.json, for the bundle's own. The manifest is complete only once the
   * bundle is built.
   */
  readonly oldStyle?: JsonObject | undefined;
  /** Things that the runtime accepts but ignores. */
  readonly warnings: readonly Finding[];
  /** The position of a manifest field, or of its nearest parent that exists. */
  locationOf(field: string): Pick<Finding, 'file' | 'line' | 'column'>;
}

export type ProjectReadResult =
  | { readonly project: Project; readonly findings?: never }
  | { readonly project?: never; readonly findings: readonly Finding[] };

const FILE = 'package.json';

export async function readProject(path: string, options: OldStyleOptions = {}): Promise<ProjectReadResult> {
  const folder = resolve(path);
  let text: string;
  try {
    text = await readFile(join(folder, FILE), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return failure({ ...top, message: isMissing ? `${FILE} is missing` : `${FILE} cannot be read (${code})` });
  }
  const plain = text.replace(/^\uFEFF/, '');
  const locations = new ManifestLocations(plain);
  let value: unknown;
  try {
    value = JSON.parse(plain);
  } catch {
    return failure({ ...locations.ofSyntax(), message: `${FILE} is not JSON: ${locations.syntaxProblem}` });
  }
  const finding = (severity: Finding['severity'], { field = '', message }: ErrorItem): Finding => ({
    severity,
    ...locations.of(field),
    ...(field === '' ? {} : { field }),
    message,
  });
  const old = isJsonObject(value) ? await readOldStyle(folder, value, options) : undefined;
  if (old?.problem !== undefined) {
    return failure({ ...locations.of(old.field), field: old.field, message: old.problem });
  }
  const { manifest, reasons } = checkManifest(old?.manifest ?? value);
  if (!manifest)
    return { findings: [...reasons.map((reason) => finding('error', reason)), ...hints(value, locations)] };
  const source = old?.source ?? (value as { source?: unknown }).source;
  if (source !== undefined && (typeof source !== 'string' || source === '')) {
    return failure({ ...locations.of('source'), field: 'source', message: 'source must name a file' });
  }
  const warnings = isJsonObject(value) ? authorFindings(value).map((item) => finding('warning', item)) : [];
  return {
    project: {
      folder,
      name: basename(folder),
      manifest,
      source,
      oldStyle: old?.manifest,
      warnings,
      locationOf: (field) => locations.of(field),
    },
  };
}

const top = { file: FILE, line: 1, column: 1 };

/** For a package.json that does not mention Bulkhead. */
function hints(value: unknown, locations: ManifestLocations): Finding[] {
  if (!isJsonObject(value) || value.connector !== undefined) return [];
  const message = 'package.json has no "connector": to build an old connector of integrator.io, use build --legacy';
  return [{ severity: 'warning', ...locations.of(''), message }];
}

const failure = (finding: Omit<Finding, 'severity'>): ProjectReadResult => ({
  findings: [{ severity: 'error', ...finding }],
});

class ManifestLocations {
  readonly #text: string;
  readonly #tree: Node | undefined;
  readonly #errors: ParseError[] = [];

  constructor(text: string) {
    this.#text = text;
    this.#tree = parseTree(text, this.#errors, { disallowComments: true });
  }

  get syntaxProblem(): string {
    const [first] = this.#errors;
    const name = first ? printParseErrorCode(first.error) : 'unknown error';
    return name.replace(/([a-z])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);
  }

  ofSyntax(): Pick<Finding, 'file' | 'line' | 'column'> {
    return this.#at(this.#errors[0]?.offset ?? 0);
  }

  of(field: string): Pick<Finding, 'file' | 'line' | 'column'> {
    const parts = field === '' ? [] : field.split('.');
    let node = this.#tree;
    while (parts.length > 0 && node) {
      const child = this.#child(node, parts);
      if (!child) break;
      node = child;
    }
    // Point at a property's name, or at an array item.
    const shown = node?.parent?.type === 'property' ? node.parent : node;
    return this.#at(shown?.offset ?? 0);
  }

  /** Removes the parts it consumed. Property names may contain dots. */
  #child(node: Node, parts: string[]): Node | undefined {
    if (node.type === 'array') {
      const [index = ''] = parts.splice(0, 1);
      return findNodeAtLocation(node, [Number(index)]);
    }
    const names = (node.children ?? []).map(({ children }) => String(children?.[0] ? getNodeValue(children[0]) : ''));
    for (let count = parts.length; count > 0; count--) {
      const name = parts.slice(0, count).join('.');
      if (!names.includes(name)) continue;
      parts.splice(0, count);
      return findNodeAtLocation(node, [name]);
    }
    return undefined;
  }

  #at(offset: number): Pick<Finding, 'file' | 'line' | 'column'> {
    const before = this.#text.slice(0, offset).split('\n');
    return { file: FILE, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }
}
