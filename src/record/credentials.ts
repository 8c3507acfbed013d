/** Credentials of records: sealed at rest and in memory, masked in responses, opened only to make a request. */
import { fieldErrors, requestError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { RecordKind, Stored } from '../store/stored.ts';
import { type Author, changedDestinationField } from './destination.ts';
import { isSealed, type Keyring } from './keyring.ts';
import { type Leaf, mapLeaves, type Path, type Sensitivity } from './secret-fields.ts';

export const MASK = '******';

/** Credentials of one connection, and their characters. Every response is searched for all of them. */
const SECRETS = 200;
const SECRET_CHARS = 64 * 1024;

/** Additional authenticated data: binds a sealed value to its record and field. */
const sealContext = (id: Json | undefined, path: Path): string => [id, ...path].join('/');

/** Marks values written by a run. */
const sealInput = (value: Leaf, author: Author): string => JSON.stringify(author === 'run' ? { byRun: value } : value);

/** The record as API responses show it. */
export function maskSecrets<T extends JsonObject>(kind: RecordKind, record: T): T {
  return mapLeaves(kind, record, (leaf, _path, sensitivity) =>
    sensitivity === 'secret' || (sensitivity === 'setting' && isSealed(leaf)) ? MASK : leaf,
  ) as T;
}

/**
 * The record as it is stored. A mask keeps the stored credential, provided its destination has not changed.
 *
 * @param author who writes the record
 * @throws RequestError `invalid_field` for a mask without a stored credential
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
    return sensitivity === 'secret' ? keyring.seal(sealInput(leaf, author), sealContext(record._id, path)) : leaf;
  });
  const moved =
    before && storedCredentials.firstReused ? changedDestinationField(kind, before, stored, author) : undefined;
  if (moved !== undefined)
    throw invalid(
      storedCredentials.firstReused as string,
      `${moved} has changed: send ${storedCredentials.firstReused} itself`,
    );
  return stored as T;
}

/** The credentials of the stored record, which masks stand for. */
class StoredCredentials {
  readonly #kind: RecordKind;
  readonly #before: Stored | undefined;
  #leaves: Map<string, { readonly leaf: Leaf; readonly sensitivity: Sensitivity }> | undefined;
  /** The dotted path of the first credential that a mask kept. */
  firstReused: string | undefined;

  constructor(kind: RecordKind, before: Stored | undefined) {
    this.#kind = kind;
    this.#before = before;
  }

  reuse(keyring: Keyring, path: Path, sensitivity: Sensitivity): Json {
    const field = path.join('.');
    const found = this.#find(path);
    if (sensitivity !== 'secret') {
      // Earlier versions also masked settings.
      if (found?.sensitivity !== 'secret') return (sensitivity === 'setting' && found?.leaf) || MASK;
      throw invalid(field, `${field} is a mask, but the field is no longer a credential: send the value itself`);
    }
    if (found?.sensitivity !== 'secret') throw invalid(field, `${field} is a mask, but no credential is stored there`);
    this.firstReused ??= field;
    if (isSealed(found.leaf)) return found.leaf;
    return keyring.seal(sealInput(found.leaf, 'user'), sealContext(this.#before?._id, path));
  }

  /** The stored sealed value at a path, if it holds this value. */
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

/** @throws RequestError if there are more credentials than a response can be searched for */
export function assertSecretLimits(kind: RecordKind, record: JsonObject): void {
  let [count, chars] = [0, 0];
  mapLeaves(kind, record, (leaf, path, sensitivity) => {
    if (sensitivity !== 'secret') return leaf;
    count++;
    chars += String(leaf).length;
    // The path goes into the seal.
    for (const key of path) chars += key.length;
    if (count <= SECRETS && chars <= SECRET_CHARS) return leaf;
    throw invalid('http', `a connection has at most ${SECRETS} credentials with ${SECRET_CHARS} characters in total`);
  });
}

export interface OpenRecord {
  /** With credentials in clear. Only for making a request. */
  readonly record: JsonObject;
  /** Who wrote the credential at a path. */
  authorAt(path: Path): Author | undefined;
  /** The credentials written by an author. */
  secretsOf(author: Author): string[];
}

/** Undefined if no key opens one of the credentials. */
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

/** A connection with its credentials in clear. @throws RequestError `credentials_unreadable` */
export function openCredentials(keyring: Keyring, connection: Stored): OpenRecord {
  const open = openSecrets(keyring, 'connections', connection);
  if (!open) throw requestError('credentials_unreadable');
  return open;
}

/** A value stored before its field counted as a credential is not sealed yet. */
function openSeal(keyring: Keyring, leaf: Leaf, context: string): { value: Leaf; author: Author } | undefined {
  if (!isSealed(leaf)) return { value: leaf, author: 'user' };
  const text = keyring.open(leaf, context);
  if (text === undefined) return undefined;
  const value = JSON.parse(text) as Leaf | { readonly byRun: Leaf };
  return typeof value === 'object' ? { value: value.byRun, author: 'run' } : { value, author: 'user' };
}

/**
 * Seals credentials that are in clear or sealed with an old key, and unseals settings that earlier versions sealed.
 * Leaves values that no key opens.
 *
 * @param before source of sealed values to reuse where the credential is the same
 * @returns the same object if nothing changed
 */
export function resealSecrets(keyring: Keyring, kind: RecordKind, record: Stored, before?: Stored): Stored {
  const storedCredentials = new StoredCredentials(kind, before);
  return mapLeaves(kind, record, (leaf, path, sensitivity) => {
    if (sensitivity === 'plain') return leaf;
    const context = sealContext(record._id, path);
    if (sensitivity === 'setting') return isSealed(leaf) ? (openSeal(keyring, leaf, context)?.value ?? leaf) : leaf;
    if (!isSealed(leaf))
      return storedCredentials.sealedEqual(keyring, leaf, path) ?? keyring.seal(sealInput(leaf, 'user'), context);
    if (keyring.isCurrent(leaf)) return leaf;
    const text = keyring.open(leaf, context);
    return text === undefined ? leaf : keyring.seal(text, context);
  }) as Stored;
}

export function isAllSealed(kind: RecordKind, record: JsonObject): boolean {
  let allSealed = true;
  mapLeaves(kind, record, (leaf, _path, sensitivity) => {
    if (sensitivity === 'secret' && !isSealed(leaf)) allSealed = false;
    return leaf;
  });
  return allSealed;
}
