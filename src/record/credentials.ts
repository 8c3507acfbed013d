/**
 * A connection's credentials: values under `http.auth` and `http.encrypted`, and those that the record
 * lists in `encryptedFields`. At rest and in memory they are sealed, in replies masked.
 */
import { fieldErrors } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { RecordKind, Stored } from '../store/stored.ts';
import type { Keyring } from './keyring.ts';
import { at, originOf } from './record.ts';

export const MASK = '******';
const ALWAYS = ['http.auth', 'http.encrypted'];

/** Secret values of one connection, and their characters; what an answer is searched for. */
const SECRETS = 200;
const SECRET_CHARS = 64 * 1024;

type Path = readonly string[];
/** A value that is neither an object nor a list, nor nothing. */
type Leaf = string | number | boolean;

/** Where secrets are, as a tree of keys: `all` below a node, or what its children say. */
interface SecretNode {
  isSecret: boolean;
  readonly children: Map<string, SecretNode>;
}

function secretTree({ encryptedFields }: JsonObject): SecretNode {
  const listed = Array.isArray(encryptedFields) ? encryptedFields.filter((path) => typeof path === 'string') : [];
  const root: SecretNode = { isSecret: false, children: new Map() };
  for (const path of [...ALWAYS, ...listed]) {
    let node = root;
    for (const key of path.split('.')) {
      const child = node.children.get(key) ?? { isSecret: false, children: new Map() };
      node.children.set(key, child);
      node = child;
    }
    node.isSecret = true;
  }
  return root;
}

function isSecretAt(tree: SecretNode, path: Path): boolean {
  let node: SecretNode | undefined = tree;
  for (const key of path) {
    node = node.children.get(key);
    if (!node) return false;
    if (node.isSecret) return true;
  }
  return false;
}

/** The record with each of its secret leaves replaced; what holds none of them stays the same object. */
function mapSecrets(record: JsonObject, replace: (leaf: Leaf, path: Path) => Json): JsonObject {
  const leaves = (value: Json, path: Path): Json => {
    if (value === null) return value;
    if (Array.isArray(value)) return value.map((item, i) => leaves(item, [...path, String(i)]));
    if (typeof value !== 'object') return replace(value as Leaf, path);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, leaves(inner, [...path, key])]));
  };
  const visit = (value: Json, node: SecretNode, path: Path): Json => {
    if (node.isSecret) return leaves(value, path);
    if (typeof value !== 'object' || value === null) return value;
    const copy = Array.isArray(value) ? [...value] : { ...value };
    for (const [key, child] of node.children) {
      const inner = at(value, [key]);
      if (inner === undefined) continue;
      // Whatever the key is: an assignment to `__proto__` would be something else.
      const next = { value: visit(inner, child, [...path, key]), writable: true, enumerable: true, configurable: true };
      Object.defineProperty(copy, key, next);
    }
    return copy;
  };
  return visit(record, secretTree(record), []) as JsonObject;
}

const placeOf = (id: Json | undefined, path: Path): string => [id, ...path].join('/');

/** Below `http.auth`, how credentials are sent, in words that answers are full of. They are masked all the same. */
const HOW = ['type', 'location', 'scheme', 'headerName', 'paramName'];

/** The secret texts of a connection that is open: those that must not be in an answer. */
export function secretsOf(open: JsonObject): string[] {
  const found: string[] = [];
  mapSecrets(open, (leaf, path) => {
    const isHow = path[0] === 'http' && path[1] === 'auth' && HOW.includes(path.at(-1) ?? '');
    if (!isHow) found.push(String(leaf));
    return leaf;
  });
  return found;
}

/** Records of other kinds have none. */
export const mayHoldSecrets = (kind: RecordKind): boolean => kind === 'connections';

/** As it is shown to everybody. */
export function masked<T extends JsonObject>(connection: T): T {
  return mapSecrets(connection, () => MASK) as T;
}

/**
 * As it is stored. A mask that comes back stands for what was there.
 *
 * They belong to the origin of `http.baseURI` that they were entered for: who changes that, a connector
 * for one, has to know them.
 *
 * @throws RequestError `invalid_field` for a mask with nothing behind it
 */
export function sealed<T extends JsonObject>(keyring: Keyring, connection: T, before?: Stored): T {
  assertFew(connection);
  const isSamePlace = originOf(before) === originOf(connection);
  const secretBefore = secretTree(before && isSamePlace ? before : {});
  return mapSecrets(connection, (leaf, path) => {
    if (leaf !== MASK) return keyring.seal(JSON.stringify(leaf), placeOf(connection._id, path));
    const kept = at(before, path);
    if (typeof kept === 'string' && isSamePlace && isSecretAt(secretBefore, path)) return kept;
    const field = path.join('.');
    throw fieldErrors([
      {
        code: 'invalid_field',
        field,
        message:
          isSamePlace || !before
            ? `${field} is the mask, and there is nothing behind it`
            : `http.baseURI leads elsewhere: send ${field} itself`,
      },
    ]);
  }) as T;
}

/** Ends at the first that is too many: there may be a million. */
function assertFew(connection: JsonObject): void {
  let [count, chars] = [0, 0];
  mapSecrets(connection, (leaf, path) => {
    count++;
    chars += String(leaf).length;
    // The path of each goes into its seal.
    for (const key of path) chars += key.length;
    if (count <= SECRETS && chars <= SECRET_CHARS) return leaf;
    const message = `a connection keeps ${SECRETS} credentials at the most, of ${SECRET_CHARS} characters in all`;
    throw fieldErrors([{ code: 'invalid_field', field: 'http', message }]);
  });
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
