/** Credentials of records: sealed at rest and in memory, masked in replies, open for a request that is made with them. */
import { fieldErrors } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { RecordKind, Stored } from '../store/stored.ts';
import { type Author, changedDestinationField } from './destination.ts';
import { isSealed, type Keyring } from './keyring.ts';
import { type Leaf, mapLeaves, type Path, type Sensitivity } from './secret-fields.ts';

export const MASK = '******';

/** Secret values of one connection, and their characters; what an answer is searched for. */
const SECRETS = 200;
const SECRET_CHARS = 64 * 1024;

/** A sealed value opens only at this place. */
const sealContext = (id: Json | undefined, path: Path): string => [id, ...path].join('/');

/** Remembers which values a run has written. */
const sealedText = (value: Leaf, author: Author): string => JSON.stringify(author === 'run' ? { byRun: value } : value);

/** Records of other kinds have no credentials. */
export const mayHoldSecrets = (kind: RecordKind): boolean => kind === 'connections' || kind === 'exports';

/** As it is shown to everybody. */
export function maskSecrets<T extends JsonObject>(kind: RecordKind, record: T): T {
  return mapLeaves(kind, record, (leaf, _path, sensitivity) =>
    sensitivity === 'secret' || (sensitivity === 'setting' && isSealed(leaf)) ? MASK : leaf,
  ) as T;
}

/**
 * As it is stored. A mask keeps the stored credential, as long as that is sent where it was entered for.
 *
 * @param author who writes what is not a mask
 * @throws RequestError `invalid_field` for a mask with nothing behind it
 */
export function sealSecrets<T extends JsonObject>(
  keyring: Keyring,
  kind: RecordKind,
  record: T,
  before?: Stored,
  author: Author = 'user',
): T {
  assertSecretLimits(kind, record);
  const storedCredentials = new StoredCredentials(kind, before);
  const stored = mapLeaves(kind, record, (leaf, path, sensitivity) => {
    if (leaf === MASK) return storedCredentials.reuse(keyring, path, sensitivity);
    return sensitivity === 'secret' ? keyring.seal(sealedText(leaf, author), sealContext(record._id, path)) : leaf;
  });
  const moved = before && storedCredentials.first ? changedDestinationField(kind, before, stored, author) : undefined;
  if (moved !== undefined)
    throw invalid(storedCredentials.first as string, `${moved} has changed: send ${storedCredentials.first} itself`);
  return stored as T;
}

/** The stored credentials that masks stand for. */
class StoredCredentials {
  readonly #kind: RecordKind;
  readonly #before: Stored | undefined;
  #leaves: Map<string, { readonly leaf: Leaf; readonly sensitivity: Sensitivity }> | undefined;
  /** The dotted path of the first credential that was kept. */
  first: string | undefined;

  constructor(kind: RecordKind, before: Stored | undefined) {
    this.#kind = kind;
    this.#before = before;
  }

  reuse(keyring: Keyring, path: Path, sensitivity: Sensitivity): Json {
    const field = path.join('.');
    const found = this.#find(path);
    if (sensitivity !== 'secret') {
      // Earlier versions masked settings too.
      if (found?.sensitivity !== 'secret') return (sensitivity === 'setting' && found?.leaf) || MASK;
      throw invalid(field, `${field} is the mask of a credential, and no credential any more: send the value itself`);
    }
    if (found?.sensitivity !== 'secret') throw invalid(field, `${field} is the mask, and there is nothing behind it`);
    this.first ??= field;
    if (isSealed(found.leaf)) return found.leaf;
    return keyring.seal(sealedText(found.leaf, 'user'), sealContext(this.#before?._id, path));
  }

  /** The stored sealed value of a path, if the leaf has the same value. */
  sealedEqual(keyring: Keyring, leaf: Leaf, path: Path): string | undefined {
    const found = this.#before && this.#find(path);
    if (found?.sensitivity !== 'secret' || !isSealed(found.leaf)) return undefined;
    return openSeal(keyring, found.leaf, sealContext(this.#before?._id, path))?.value === leaf ? found.leaf : undefined;
  }

  #find(path: Path): { readonly leaf: Leaf; readonly sensitivity: Sensitivity } | undefined {
    if (!this.#leaves) {
      const leaves = new Map<string, { readonly leaf: Leaf; readonly sensitivity: Sensitivity }>();
      mapLeaves(this.#kind, this.#before ?? {}, (leaf, at, sensitivity) => {
        if (sensitivity !== 'plain') leaves.set(JSON.stringify(at), { leaf, sensitivity });
        return leaf;
      });
      this.#leaves = leaves;
    }
    return this.#leaves.get(JSON.stringify(path));
  }
}

const invalid = (field: string, message: string): Error => fieldErrors([{ code: 'invalid_field', field, message }]);

/** @throws RequestError if an answer could not be searched for all of them; at the first that is too many */
export function assertSecretLimits(kind: RecordKind, record: JsonObject): void {
  let [count, chars] = [0, 0];
  mapLeaves(kind, record, (leaf, path, sensitivity) => {
    if (sensitivity !== 'secret') return leaf;
    count++;
    chars += String(leaf).length;
    // The path of each goes into its seal.
    for (const key of path) chars += key.length;
    if (count <= SECRETS && chars <= SECRET_CHARS) return leaf;
    throw invalid(
      'http',
      `a connection keeps ${SECRETS} credentials at the most, of ${SECRET_CHARS} characters in all`,
    );
  });
}

export interface OpenRecord {
  /** With the credentials themselves; only for a request that is made with them. */
  readonly record: JsonObject;
  /** Whose credential stands at a path; nobody's, where there is none. */
  authorAt(path: Path): Author | undefined;
  /** The credentials that somebody has written. */
  secretsOf(author: Author): string[];
}

/** Undefined if no key opens it. */
export function openSecrets(keyring: Keyring, kind: RecordKind, stored: Stored): OpenRecord | undefined {
  let isOpen = true;
  const secrets = new Map<string, { readonly value: Leaf; readonly author: Author }>();
  const record = mapLeaves(kind, stored, (leaf, path, sensitivity) => {
    const wasSealed = sensitivity === 'secret' || (sensitivity === 'setting' && isSealed(leaf));
    if (!wasSealed) return leaf;
    const found = openSeal(keyring, leaf, sealContext(stored._id, path));
    if (!found) isOpen = false;
    else if (sensitivity === 'secret') secrets.set(JSON.stringify(path), found);
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

/** What was stored before it counted as a credential is not sealed yet. */
function openSeal(keyring: Keyring, leaf: Leaf, context: string): { value: Leaf; author: Author } | undefined {
  if (!isSealed(leaf)) return { value: leaf, author: 'user' };
  const text = keyring.open(leaf, context);
  if (text === undefined) return undefined;
  const value = JSON.parse(text) as Leaf | { readonly byRun: Leaf };
  return typeof value === 'object' ? { value: value.byRun, author: 'run' } : { value, author: 'user' };
}

/**
 * Seals credentials that stand in clear or are sealed with an old key, and opens settings that earlier versions
 * sealed. Leaves what no key opens.
 *
 * @param before reuses its sealed values where the credential is the same
 * @returns the record itself if there is nothing to do
 */
export function resealSecrets(keyring: Keyring, kind: RecordKind, record: Stored, before?: Stored): Stored {
  const storedCredentials = new StoredCredentials(kind, before);
  return mapLeaves(kind, record, (leaf, path, sensitivity) => {
    if (sensitivity === 'plain') return leaf;
    const at = sealContext(record._id, path);
    if (sensitivity === 'setting') return isSealed(leaf) ? (openSeal(keyring, leaf, at)?.value ?? leaf) : leaf;
    if (!isSealed(leaf))
      return storedCredentials.sealedEqual(keyring, leaf, path) ?? keyring.seal(sealedText(leaf, 'user'), at);
    if (keyring.isCurrent(leaf)) return leaf;
    const text = keyring.open(leaf, at);
    return text === undefined ? leaf : keyring.seal(text, at);
  }) as Stored;
}

export function isAllSealed(kind: RecordKind, record: JsonObject): boolean {
  let isSealedThroughout = true;
  mapLeaves(kind, record, (leaf, _path, sensitivity) => {
    if (sensitivity === 'secret' && !isSealed(leaf)) isSealedThroughout = false;
    return leaf;
  });
  return isSealedThroughout;
}
