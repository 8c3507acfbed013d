/**
 * Where in a record credentials stand. Of a connection: below `http.auth` (but for how they are sent) and below
 * `encrypted` wherever that is, where `encryptedFields` says so, and under keys that are named like a secret unless
 * `unencryptedFields` lists them. Of an export: its webhook's. Pure.
 */
import type { Json, JsonObject } from '../json.ts';
import type { RecordKind } from '../store/store.ts';
import { isEncryptedByName, isNamedLikeASecret, isNamedLikeASetting } from './secret-names.ts';

/** A value that is neither an object nor a list, nor nothing. */
export type Leaf = string | number | boolean;
/** `setting`: how credentials are sent, which was once sealed like them. */
export type Place = 'secret' | 'setting' | 'plain';
export type Path = readonly string[];
/** @param path valid until it returns */
type Visit = (leaf: Leaf, path: Path, place: Place) => Json;

/** How the keys below a node are to be taken. */
type Below = 'all' | 'auth' | 'named' | 'listed' | 'none';

/** Paths as a tree of keys; at a leaf, what is below it. */
interface Listed {
  below?: Below;
  readonly children: Map<string, Listed>;
}

const AUTH = ['http', 'auth'];
const WEBHOOK = [
  ['webhook', 'key'],
  ['webhook', 'token'],
];

export function mapLeaves(kind: RecordKind, record: JsonObject, visit: Visit): JsonObject {
  if (kind === 'connections') return new Walk(visit, listedIn(record)).object(record, 'named');
  // Large ones, too, are looked at in this place alone.
  if (kind === 'exports' && Object.hasOwn(record, 'webhook')) {
    return new Walk(visit, treeOf([['webhook']], 'named', treeOf(WEBHOOK, 'all'))).object(record, 'none');
  }
  return record;
}

const texts = (list: Json | undefined): string[] =>
  Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];

const listedIn = ({ encryptedFields }: JsonObject): Listed =>
  treeOf(
    texts(encryptedFields).map((path) => path.split('.')),
    'all',
    treeOf([AUTH], 'auth'),
  );

function treeOf(paths: readonly Path[], below: Below, root: Listed = { children: new Map() }): Listed {
  for (const path of paths) {
    let node = root;
    for (const key of path) {
      const child = node.children.get(key) ?? { children: new Map() };
      node.children.set(key, child);
      node = child;
    }
    node.below = below;
  }
  return root;
}

class Walk {
  readonly #visit: Visit;
  readonly #listed: Listed;
  /** Dotted paths that `unencryptedFields` names. */
  readonly #unencrypted = new Set<string>();
  readonly #path: string[] = [];

  constructor(visit: Visit, listed: Listed) {
    this.#visit = visit;
    this.#listed = listed;
  }

  /** What holds nothing that is changed stays the same object. */
  object(record: JsonObject, below: Below): JsonObject {
    return this.#value(record, below, this.#listed, '', '') as JsonObject;
  }

  /** @param key the nearest that is no place in a list; @param parent the one before it */
  #value(value: Json, below: Below, listed: Listed | undefined, key: string, parent: string): Json {
    if (value === null) return value;
    if (typeof value !== 'object') return this.#visit(value as Leaf, this.#path, placeOf(below, key, parent));
    if (below === 'none' && !listed) return value;
    const isList = Array.isArray(value);
    if (!isList) this.#noteUnencrypted(value as JsonObject);
    let copy: Record<string, Json> | Json[] | undefined;
    for (const name of Object.keys(value)) {
      const inner = (value as JsonObject)[name] as Json;
      const next = listed?.children.get(name);
      this.#path.push(name);
      const mapped = isList
        ? this.#value(inner, below === 'all' ? below : (next?.below ?? below), next, key, parent)
        : this.#value(inner, this.#belowOf(name, below, next), next, name, key);
      this.#path.pop();
      if (mapped === inner) continue;
      copy ??= isList ? [...value] : { ...(value as JsonObject) };
      // Whatever the key is: an assignment to `__proto__` would be something else.
      Object.defineProperty(copy, name, { value: mapped, writable: true, enumerable: true, configurable: true });
    }
    return copy ?? value;
  }

  #belowOf(name: string, below: Below, listed: Listed | undefined): Below {
    if (below === 'all' || listed?.below === 'all') return 'all';
    if (below !== 'none' && isEncryptedByName(name)) return 'all';
    if (listed?.below) return listed.below;
    const isListed = this.#unencrypted.size > 0 && this.#unencrypted.has(this.#path.join('.'));
    return below === 'named' && isListed ? 'listed' : below;
  }

  /** At the top paths; further down, next to `unencrypted`, its keys or their descriptions: `{id, label}`. */
  #noteUnencrypted({ unencryptedFields }: JsonObject): void {
    if (!Array.isArray(unencryptedFields)) return;
    const prefix = this.#path.map((key) => `${key}.`).join('');
    for (const field of unencryptedFields as readonly Json[]) {
      const name = typeof field === 'string' ? field : (field as JsonObject | null)?.id;
      if (typeof name !== 'string') continue;
      this.#unencrypted.add(prefix + name).add(`${prefix}unencrypted.${name}`);
    }
  }
}

function placeOf(below: Below, key: string, parent: string): Place {
  if (below === 'all') return 'secret';
  if (below === 'auth') return isNamedLikeASetting(key) ? 'setting' : 'secret';
  return below === 'named' && isNamedLikeASecret(key, parent) ? 'secret' : 'plain';
}
