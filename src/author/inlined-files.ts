/** Puts files into the bundle that a connector's code reads by paths known at build time. */
import { isUtf8 } from 'node:buffer';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import type { PartialMessage, PluginBuild } from 'esbuild';
import { readFileBounded, UnreadableError } from '../connector/bundle-files.ts';
import { type FileRead, fileReads, type Reader } from './file-reads.ts';
import { packageOf } from './import-chains.ts';
import { readSource } from './read-source.ts';

/** All inlined files of a bundle. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_FILES = 1_000;

export interface InlinedFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly isText: boolean;
}

/** The content of one source file's `fs`, by path in the bundle. */
export interface FileTable {
  readonly files: ReadonlyMap<string, InlinedFile>;
  readonly folders: ReadonlyMap<string, readonly string[]>;
  readonly present: readonly string[];
  readonly isEmpty: boolean;
  readonly wantsBytes: boolean;
  /** Whether the file uses nothing else of `fs`. */
  readonly isAll: boolean;
  readonly warnings: readonly PartialMessage[];
}

const notThere = 'is not there';

export class FileInliner {
  readonly #folder: string;
  readonly #build: Pick<PluginBuild, 'esbuild'>;
  readonly #files = new Map<string, Promise<InlinedFile>>();
  #bytes = 0;

  /** @param folder of the project; no file may be outside it */
  constructor(folder: string, build: Pick<PluginBuild, 'esbuild'>) {
    this.#folder = folder;
    this.#build = build;
  }

  /** @param importer absolute path of the file that imports `fs`; a package may only read its own files */
  async tableFor(importer: string): Promise<FileTable | undefined> {
    const source = await readSource(importer, this.#build);
    if (!source) return undefined;
    const { reads, hasOthers } = fileReads(source.program, importer, this.#folder);
    if (reads.length === 0) return undefined;
    const isOwn = packageOf(importer) === undefined;
    const table = new TableMaker(isOwn ? this.#folder : packageFolder(importer), (path) => this.#read(path));
    const warnings: PartialMessage[] = [];
    // Code that lists a folder reads its files by paths that are only known at run time.
    const listsFirst = reads.toSorted((a, b) => Number(isList(b)) - Number(isList(a)));
    for (const read of listsFirst) {
      if (read.path === undefined && table.folders.size > 0) continue;
      const problem = await table.add(read);
      if (problem !== undefined) warnings.push({ text: problem, location: source.locationAt(read.offset) });
    }
    const wantsBytes = reads.some((read) => read.wantsBytes) || [...table.files.values()].some(({ isText }) => !isText);
    const isAll = !hasOthers && (isOwn || warnings.length === 0);
    const { files, folders, present } = table;
    const isEmpty = files.size + folders.size + present.length === 0;
    return { files, folders, present, isEmpty, wantsBytes, isAll, warnings: isOwn ? warnings : [] };
  }

  /** @throws UnreadableError */
  #read(path: string): Promise<InlinedFile> {
    let file = this.#files.get(path);
    if (!file) {
      file = this.#readNew(path);
      this.#files.set(path, file);
    }
    return file;
  }

  async #readNew(path: string): Promise<InlinedFile> {
    if (this.#files.size >= MAX_FILES) throw new UnreadableError(`would be more than ${MAX_FILES} files in the bundle`);
    const bytes = await readFileBounded(path, MAX_BYTES);
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_BYTES)
      throw new UnreadableError(`and other files are larger than ${MAX_BYTES} bytes together`);
    return { path, bytes, isText: isUtf8(bytes) };
  }
}

const isList = ({ reader }: FileRead): boolean => reader === 'readdirSync';

class TableMaker {
  readonly files = new Map<string, InlinedFile>();
  readonly folders = new Map<string, readonly string[]>();
  readonly present: string[] = [];
  /** Files by their paths in the bundle, the first of each. */
  readonly #others = new Map<string, string>();
  readonly #root: string;
  readonly #read: (path: string) => Promise<InlinedFile>;

  constructor(root: string, read: (path: string) => Promise<InlinedFile>) {
    this.#root = root;
    this.#read = read;
  }

  /** @returns why the call will fail when it runs */
  async add({ reader, path, bundlePath }: FileRead): Promise<string | undefined> {
    const result = `, so fs.${reader} throws ERR_NOT_AVAILABLE here`;
    if (path === undefined) {
      const how = 'write it as a literal, or with __dirname and path.join';
      return reader === 'existsSync' ? undefined : `The path is not known at build time${result}: ${how}`;
    }
    try {
      await this.#addPath(reader, await this.#inside(path), bundlePath);
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      const isQuestion = reader === 'existsSync' && error.message === notThere;
      return isQuestion ? undefined : `${relative(this.#root, path)} ${error.message}${result}`;
    }
    return undefined;
  }

  async #addPath(reader: Reader, real: string, bundlePath: string): Promise<void> {
    if (reader === 'existsSync') this.present.push(bundlePath);
    else if (reader === 'readdirSync') await this.#addFolder(real, bundlePath);
    else await this.#addFile(real, bundlePath);
  }

  /** With its files, because code that lists a folder reads them next. */
  async #addFolder(real: string, bundlePath: string): Promise<void> {
    const entries = await readdir(real, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      throw new UnreadableError(`cannot be listed (${error.code})`);
    });
    if (entries.length > MAX_FILES) throw new UnreadableError(`has more than ${MAX_FILES} files`);
    this.folders.set(bundlePath, entries.map(({ name }) => name).sort());
    for (const entry of entries) {
      // Hidden files belong to tools, and may contain secrets.
      const isWanted = entry.isFile() && !entry.name.startsWith('.');
      if (isWanted) await this.#addFile(join(real, entry.name), posix.join(bundlePath, entry.name));
    }
  }

  async #addFile(real: string, bundlePath: string): Promise<void> {
    const file = await this.#read(real);
    const other = this.#others.get(bundlePath) ?? file.path;
    this.#others.set(bundlePath, other);
    if (other === file.path) this.files.set(bundlePath, file);
    else {
      this.files.delete(bundlePath);
      throw new UnreadableError(`has the same path in a bundle as ${relative(this.#root, other)}`);
    }
  }

  /** @throws UnreadableError if a link leads outside the folder */
  async #inside(path: string): Promise<string> {
    const root = await realpath(this.#root);
    const outside = `is outside ${packageOf(join(root, 'index.js')) ?? 'the project'}'s folder`;
    if (!`${path}${sep}`.startsWith(this.#root + sep) && !`${path}${sep}`.startsWith(root + sep)) {
      throw new UnreadableError(outside);
    }
    const real = await realpath(path).catch(async () => {
      const isLink = (await lstat(path).catch(() => undefined))?.isSymbolicLink() === true;
      throw new UnreadableError(isLink ? 'is a link to nothing' : notThere);
    });
    if (!`${real}${sep}`.startsWith(root + sep)) throw new UnreadableError(outside);
    return real;
  }
}

/** The folder of the installed package that a file belongs to. */
function packageFolder(file: string): string {
  const name = packageOf(file) ?? '';
  const folders = join('node_modules', name);
  return file.slice(0, file.lastIndexOf(folders) + folders.length);
}
