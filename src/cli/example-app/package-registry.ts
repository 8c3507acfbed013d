/** Releases and tags of packages, in memory: what one side of the example application stores. */

/** Any fields, besides those that identify it. */
export type Entry = Readonly<Record<string, unknown>>;

export type Collection = 'releases' | 'tags';

const ENTRIES_MAX = 10_000;
export const PAGE_ENTRIES = 10;

export class PackageRegistry {
  readonly #entries: Readonly<Record<Collection, Map<string, Entry>>> = { releases: new Map(), tags: new Map() };

  /** One page of the entries published since, oldest first. */
  page(collection: Collection, page: number, since: string): Entry[] {
    const from = Date.parse(since);
    const entries = this.all(collection).filter(
      ({ publishedAt }) => Number.isNaN(from) || publishedAt === undefined || Date.parse(String(publishedAt)) >= from,
    );
    return entries.slice((page - 1) * PAGE_ENTRIES, page * PAGE_ENTRIES);
  }

  all(collection: Collection): Entry[] {
    return [...this.#entries[collection].values()];
  }

  get packages(): string[] {
    return [...new Set(this.all('releases').map(nameOf))].sort();
  }

  /** Adds a release, which must be new, or moves a tag. @returns its id, or why it is refused */
  add(
    collection: Collection,
    entry: Entry,
  ): { readonly id: string } | { readonly status: number; readonly message: string } {
    const [name, part] = [nameOf(entry), collection === 'releases' ? entry.version : entry.tag];
    if (name === '' || typeof part !== 'string' || part === '') {
      return {
        status: 422,
        message: `Entries of ${collection} need a name and a ${collection === 'releases' ? 'version' : 'tag'}.`,
      };
    }
    const [id, entries] = [`${name}@${part}`, this.#entries[collection]];
    if (collection === 'releases' && entries.has(id)) return { status: 409, message: `${id} already exists.` };
    if (entries.size >= ENTRIES_MAX) return { status: 507, message: `There are already ${ENTRIES_MAX} ${collection}.` };
    entries.set(id, entry);
    return { id };
  }
}

/** Mirrored entries call the name `package`. */
export function nameOf({ name, package: other }: Entry): string {
  const value = name ?? other;
  return typeof value === 'string' ? value : '';
}

const FRUITS = ['apple', 'cherry', 'fig', 'grape', 'kiwi', 'lemon', 'mango', 'pear', 'plum', 'quince'];
const VERSIONS = ['1.0.0', '1.1.0', '2.0.0-beta.1'];
const FIRST_RELEASE = Date.UTC(2026, 0, 1);
const DAY_MS = 24 * 3_600_000;

/** Ten packages with three releases each, and the tag `latest`. */
export function exampleRegistry(): PackageRegistry {
  const registry = new PackageRegistry();
  for (const [day, version] of VERSIONS.entries()) {
    for (const [index, name] of FRUITS.entries()) {
      const publishedAt = new Date(FIRST_RELEASE + (day * FRUITS.length + index) * DAY_MS).toISOString();
      registry.add('releases', { name, version, description: `Everything about the ${name}`, publishedAt });
    }
  }
  for (const name of FRUITS) registry.add('tags', { name, tag: 'latest', version: VERSIONS[1] });
  return registry;
}

/** The next release of a package: its patch number grows. */
export function nextRelease(registry: PackageRegistry, now: Date): Entry {
  const name = FRUITS[registry.all('releases').length % FRUITS.length] as string;
  const patches = registry
    .all('releases')
    .filter((entry) => nameOf(entry) === name)
    .map(({ version }) => Number(/^1\.1\.(\d+)$/.exec(String(version))?.[1] ?? 0));
  const version = `1.1.${Math.max(...patches, 0) + 1}`;
  return { name, version, description: `More about the ${name}`, publishedAt: now.toISOString() };
}
