/** Credentials of records: sealed at rest and in memory, masked in replies, open for a request that is made with them. */
import { fieldErrors } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { RecordKind, Stored } from '../store/stored.ts';
import { type Author, movedField } from './destination.ts';
import { isSealed, type Keyring } from './keyring.ts';
import { type Leaf, mapLeaves, type Path, type Place } from './secret-places.ts';

export const MASK = '******';

/** Secret values of one connection, and their characters; what an answer is searched for. */
const SECRETS = 200;
const SECRET_CHARS = 64 * 1024;

/** What a value is sealed for: it opens nowhere else. */
const sealPlace = (id: Json | undefined, path: Path): string => [id, ...path].join('/');

/** Of a value that a run has written, the object says so. */
const sealedText = (value: Leaf, author: Author): string => JSON.stringify(author === 'run' ? { byRun: value } : value);

/** Records of other kinds have no credentials. */
export const mayHoldSecrets = (kind: RecordKind): boolean => kind === 'connections' || kind === 'exports';

/** As it is shown to everybody. */
export function masked<T extends JsonObject>(kind: RecordKind, record: T): T {
  return mapLeaves(kind, record, (leaf, _path, place) =>
    place === 'secret' || (place === 'setting' && isSealed(leaf)) ? MASK : leaf,
  ) as T;
}

/**
 * As it is stored. A mask that comes back stands for what was there, as long as that goes where it was to go.
 *
 * @param author who writes what is not a mask
 * @throws RequestError `invalid_field` for a mask with nothing behind it
 */
export function sealed<T extends JsonObject>(
  keyring: Keyring,
  kind: RecordKind,
  record: T,
  before?: Stored,
  author: Author = 'user',
): T {
  assertFew(kind, record);
  const kept = new Kept(kind, before);
  const stored = mapLeaves(kind, record, (leaf, path, place) => {
    if (leaf === MASK) return kept.take(keyring, path, place);
    return place === 'secret' ? keyring.seal(sealedText(leaf, author), sealPlace(record._id, path)) : leaf;
  });
  const moved = before && kept.first ? movedField(kind, before, stored, author) : undefined;
  if (moved !== undefined) throw wrong(kept.first as string, `${moved} has changed: send ${kept.first} itself`);
  return stored as T;
}

/** What masks stand for. */
class Kept {
  readonly #kind: RecordKind;
  readonly #before: Stored | undefined;
  #leaves: Map<string, { readonly leaf: Leaf; readonly place: Place }> | undefined;
  /** The dotted path of the first credential that was kept. */
  first: string | undefined;

  constructor(kind: RecordKind, before: Stored | undefined) {
    this.#kind = kind;
    this.#before = before;
  }

  take(keyring: Keyring, path: Path, place: Place): Json {
    const field = path.join('.');
    const found = this.#find(path);
    if (place !== 'secret') {
      // How credentials are sent was shown as a mask once.
      if (found?.place !== 'secret') return (place === 'setting' && found?.leaf) || MASK;
      throw wrong(field, `${field} is the mask of a credential, and no credential any more: send the value itself`);
    }
    if (found?.place !== 'secret') throw wrong(field, `${field} is the mask, and there is nothing behind it`);
    this.first ??= field;
    if (isSealed(found.leaf)) return found.leaf;
    return keyring.seal(sealedText(found.leaf, 'user'), sealPlace(this.#before?._id, path));
  }

  /** The sealed value of a path, if it is that of a leaf. */
  same(keyring: Keyring, leaf: Leaf, path: Path): string | undefined {
    const found = this.#before && this.#find(path);
    if (found?.place !== 'secret' || !isSealed(found.leaf)) return undefined;
    return unsealed(keyring, found.leaf, sealPlace(this.#before?._id, path))?.value === leaf ? found.leaf : undefined;
  }

  #find(path: Path): { readonly leaf: Leaf; readonly place: Place } | undefined {
    if (!this.#leaves) {
      const leaves = new Map<string, { readonly leaf: Leaf; readonly place: Place }>();
      mapLeaves(this.#kind, this.#before ?? {}, (leaf, at, place) => {
        if (place !== 'plain') leaves.set(JSON.stringify(at), { leaf, place });
        return leaf;
      });
      this.#leaves = leaves;
    }
    return this.#leaves.get(JSON.stringify(path));
  }
}

const wrong = (field: string, message: string): Error => fieldErrors([{ code: 'invalid_field', field, message }]);

/** @throws RequestError if an answer could not be searched for all of them; at the first that is too many */
export function assertFew(kind: RecordKind, record: JsonObject): void {
  let [count, chars] = [0, 0];
  mapLeaves(kind, record, (leaf, path, place) => {
    if (place !== 'secret') return leaf;
    count++;
    chars += String(leaf).length;
    // The path of each goes into its seal.
    for (const key of path) chars += key.length;
    if (count <= SECRETS && chars <= SECRET_CHARS) return leaf;
    throw wrong('http', `a connection keeps ${SECRETS} credentials at the most, of ${SECRET_CHARS} characters in all`);
  });
}

export interface Opened {
  /** With the credentials themselves; only for a request that is made with them. */
  readonly record: JsonObject;
  /** Whose credential stands at a path; nobody's, where there is none. */
  authorAt(path: Path): Author | undefined;
  /** The credentials that somebody has written. */
  secretsOf(author: Author): string[];
}

/** Undefined if no key opens it. */
export function opened(keyring: Keyring, kind: RecordKind, stored: Stored): Opened | undefined {
  let isOpen = true;
  const secrets = new Map<string, { readonly value: Leaf; readonly author: Author }>();
  const record = mapLeaves(kind, stored, (leaf, path, place) => {
    const wasSealed = place === 'secret' || (place === 'setting' && isSealed(leaf));
    if (!wasSealed) return leaf;
    const found = unsealed(keyring, leaf, sealPlace(stored._id, path));
    if (!found) isOpen = false;
    else if (place === 'secret') secrets.set(JSON.stringify(path), found);
    return found ? found.value : null;
  });
  if (!isOpen) return undefined;
  return {
    record,
    authorAt: (path) => secrets.get(JSON.stringify(path))?.author,
    secretsOf: (author) =>
      [...secrets.values()].filter((secret) => secret.author === author).map(({ value }) => String(value)),
  };
}

/** One that was stored before it counted as a credential is not sealed yet. */
function unsealed(keyring: Keyring, leaf: Leaf, place: string): { value: Leaf; author: Author } | undefined {
  if (!isSealed(leaf)) return { value: leaf, author: 'user' };
  const text = keyring.open(leaf, place);
  if (text === undefined) return undefined;
  const value = JSON.parse(text) as Leaf | { readonly byRun: Leaf };
  return typeof value === 'object' ? { value: value.byRun, author: 'run' } : { value, author: 'user' };
}

/**
 * As it would be stored today: credentials that are not sealed are, with the present key, and settings that were are
 * not any more. What no key opens is left as it is.
 *
 * @param before where a credential was sealed already, and is the same
 * @returns the record itself if nothing is to be done
 */
export function renewed(keyring: Keyring, kind: RecordKind, record: Stored, before?: Stored): Stored {
  const known = new Kept(kind, before);
  return mapLeaves(kind, record, (leaf, path, place) => {
    if (place === 'plain') return leaf;
    const at = sealPlace(record._id, path);
    if (place === 'setting') return isSealed(leaf) ? (unsealed(keyring, leaf, at)?.value ?? leaf) : leaf;
    if (!isSealed(leaf)) return known.same(keyring, leaf, path) ?? keyring.seal(sealedText(leaf, 'user'), at);
    if (keyring.isPresent(leaf)) return leaf;
    const text = keyring.open(leaf, at);
    return text === undefined ? leaf : keyring.seal(text, at);
  }) as Stored;
}

export function isAllSealed(kind: RecordKind, record: JsonObject): boolean {
  let isSo = true;
  mapLeaves(kind, record, (leaf, _path, place) => {
    if (place === 'secret' && !isSealed(leaf)) isSo = false;
    return leaf;
  });
  return isSo;
}
