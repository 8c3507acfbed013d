/** Reads an author's source as a syntax tree. */
import { extname } from 'node:path';
import type { Loader, Location, PluginBuild } from 'esbuild';
import { readFileBounded } from '../connector/bundle-files.ts';
import { lineAt, type Program, parseSource } from './syntax.ts';

const MAX_SOURCE_BYTES = 4 * 1024 * 1024;

export interface Source {
  readonly program: Program;
  /** For messages of the bundler. */
  locationAt(offset: number): Partial<Location>;
}

/** Sources that are not plain JavaScript. */
const typed: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.jsx': 'jsx',
};

/** @returns undefined if it cannot be read or parsed */
export async function readSource(path: string, { esbuild }: Pick<PluginBuild, 'esbuild'>): Promise<Source | undefined> {
  const bytes = await readFileBounded(path, MAX_SOURCE_BYTES).catch(() => undefined);
  if (!bytes) return undefined;
  const text = bytes.toString();
  const loader = typed[extname(path)];
  const plain = loader ? await esbuild.transform(text, { loader }).catch(() => undefined) : { code: text };
  const program = plain && parseSource(plain.code);
  if (!program) return undefined;
  // Positions in transformed code mean nothing to an author.
  return { program, locationAt: (offset) => (loader ? { file: path } : { file: path, ...locationIn(text, offset) }) };
}

function locationIn(text: string, offset: number): Partial<Location> {
  const { line, column } = lineAt(text, offset);
  const lineText = text.split('\n')[line - 1] ?? '';
  // In bytes.
  return { line, column: Buffer.byteLength(lineText.slice(0, column - 1)), lineText };
}
