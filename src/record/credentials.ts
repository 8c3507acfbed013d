/**
 * A connection's credentials: values under `http.auth` and `http.encrypted`, and those that the record
 * lists in `encryptedFields`. At rest and in memory they are sealed, in replies masked.
 */
import { fieldErrors } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Stored } from '../store/store.ts';
import type { Keyring } from './keyring.ts';
import { at } from './record.ts';

export const MASK = '******';
const ALWAYS = ['http.auth', 'http.encrypted'];

type Path = readonly string[];
/** A value that is neither an object nor a list, nor nothing. */
type Leaf = string | number | boolean;

function secretPaths({ encryptedFields }: JsonObject): Path[] {
  const listed = Array.isArray(encryptedFields) ? encryptedFields.filter((path) => typeof path === 'string') : [];
  return [...ALWAYS, ...listed].map((path) => path.split('.'));
}

/** The record with each of its secret leaves replaced. */
function mapSecrets(record: JsonObject, replace: (leaf: Leaf, path: Path) => Json): JsonObject {
  const paths = secretPaths(record);
  const visit = (value: Json, path: Path): Json => {
    const isSecret = paths.some((secret) => secret.length <= path.length && secret.every((key, i) => key === path[i]));
    const mayHold = isSecret || paths.some((secret) => path.every((key, i) => key === secret[i]));
    if (!mayHold || value === null) return value;
    if (Array.isArray(value)) return value.map((item, i) => visit(item, [...path, String(i)]));
    if (typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner, [...path, key])]));
    }
    return isSecret ? replace(value as Leaf, path) : value;
  };
  return visit(record, []) as JsonObject;
}

const placeOf = (id: Json | undefined, path: Path): string => [id, ...path].join('/');

/** The secret texts of a connection that is open. */
export function secretsOf(open: JsonObject): string[] {
  const found: string[] = [];
  mapSecrets(open, (leaf) => {
    found.push(String(leaf));
    return leaf;
  });
  return found;
}

/** As it is shown to everybody. */
export function masked<T extends JsonObject>(connection: T): T {
  return mapSecrets(connection, () => MASK) as T;
}

/**
 * As it is stored. A mask that comes back stands for what was there.
 *
 * @throws RequestError `invalid_field` for a mask with nothing behind it
 */
export function sealed<T extends JsonObject>(keyring: Keyring, connection: T, before?: Stored): T {
  const listed = before ? secretPaths(before) : [];
  return mapSecrets(connection, (leaf, path) => {
    if (leaf !== MASK) return keyring.seal(JSON.stringify(leaf), placeOf(connection._id, path));
    const kept = at(before, path);
    const wasSecret = listed.some((secret) => secret.every((key, i) => key === path[i]));
    if (typeof kept === 'string' && wasSecret) return kept;
    const field = path.join('.');
    throw fieldErrors([
      { code: 'invalid_field', field, message: `${field} is the mask, and there is nothing behind it` },
    ]);
  }) as T;
}

/** With the credentials themselves; only for a request that is made with them. Undefined if no key opens them. */
export function opened(keyring: Keyring, connection: Stored): JsonObject | undefined {
  let isOpen = true;
  const open = mapSecrets(connection, (leaf, path) => {
    const text = keyring.open(String(leaf), placeOf(connection._id, path));
    if (text === undefined) isOpen = false;
    return text === undefined ? null : (JSON.parse(text) as Json);
  });
  return isOpen ? open : undefined;
}

/** The connection sealed with the present key; itself if it is, or if no key opens it. */
export function resealed(keyring: Keyring, connection: Stored): Stored {
  let isStale = false;
  mapSecrets(connection, (leaf) => {
    isStale ||= !keyring.isPresent(String(leaf));
    return leaf;
  });
  const open = isStale ? opened(keyring, connection) : undefined;
  return open ? (sealed(keyring, open) as Stored) : connection;
}
