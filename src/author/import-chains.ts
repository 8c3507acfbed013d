/** Finds the packages through which a file got into a bundle. */
import { relative, sep } from 'node:path';

/** Packages named in a message. */
const MAX_LISTED = 8;

/** The name of the installed package a file belongs to. */
export function packageOf(file: string): string | undefined {
  const [, scope = '', name] = /(?:.*[\\/]|^)node_modules[\\/](@[^\\/]+[\\/])?([^\\/]+)/s.exec(file) ?? [];
  return name === undefined ? undefined : `${scope.replace('\\', '/')}${name}`;
}

/** The package that a specifier such as `lodash/fp` names. */
export function packageIn(specifier: string): string | undefined {
  return /^(?:@[^/]+\/)?[^./@][^/]*/.exec(specifier)?.[0];
}

export class ImportChains {
  readonly #folder: string;
  /** The file that first imported a package. */
  readonly #importers = new Map<string, string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  add(specifier: string, importer: string): void {
    const name = packageIn(specifier);
    if (name !== undefined && name !== packageOf(importer) && !this.#importers.has(name)) {
      this.#importers.set(name, importer);
    }
  }

  /** For example ` (needed by keyv ← got ← src/index.ts)`. Empty for the author's own files. */
  to(file: string): string {
    const names: string[] = [];
    let at: string | undefined = file;
    for (let name = packageOf(file); name !== undefined && !names.includes(name); name = packageOf(at ?? '')) {
      names.push(name);
      at = this.#importers.get(name);
    }
    if (names.length === 0) return '';
    const shown = names.slice(0, MAX_LISTED);
    if (names.length > MAX_LISTED) shown.push('…');
    else if (at !== undefined && packageOf(at) === undefined)
      shown.push(relative(this.#folder, at).split(sep).join('/'));
    return ` (needed by ${shown.join(' ← ')})`;
  }
}
