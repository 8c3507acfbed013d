/**
 * Decides which values of a record are credentials. In a connection: values below `http.auth`, except settings for how
 * credentials are sent; values below a key `encrypted`; values listed in `encryptedFields`; and values under keys named
 * like a secret, unless `unencryptedFields` lists them. In an export: those of the webhook. Pure.
 */
import type { Json, JsonObject } from '../json.ts';
import type { RecordKind } from '../store/store.ts';
import { isEncryptedByName, isNamedLikeASecret, isNamedLikeASetting } from './secret-names.ts';

/** Neither object, array nor null. */
export type Leaf = string | number | boolean;
/** `setting`: says how credentials are sent. Earlier versions sealed settings, too. */
export type Sensitivity = 'secret' | 'setting' | 'plain';
export type Path = readonly string[];
/** @param path reused: valid during the call only */
type Visit = (leaf: Leaf, path: Path, sensitivity: Sensitivity) => Json;

/** The rule for values below a node. `unencrypted`: listed in `unencryptedFields`. */
type Rule = 'all' | 'auth' | 'named' | 'unencrypted' | 'none';

/** A tree of keys. A node may set the rule for everything below it. */
interface RuleTree {
  below?: Rule;
  readonly children: Map<string, RuleTree>;
}

const AUTH = ['http', 'auth'];
const WEBHOOK = [
  ['webhook', 'key'],
  ['webhook', 'token'],
];

/** How to visit the values of a record that may be credentials. Undefined: the kind has none. */
const walks: Readonly<Record<RecordKind, ((record: JsonObject, visit: Visit) => JsonObject) | undefined>> = {
  connections: (record, visit) => new Walk(visit, rulesFor(record)).object(record, 'named'),
  // Only the webhook, as exports may be large.
  exports: (record, visit) =>
    Object.hasOwn(record, 'webhook')
      ? new Walk(visit, treeOf([['webhook']], 'named', treeOf(WEBHOOK, 'all'))).object(record, 'none')
      : record,
  imports: undefined,
  flows: undefined,
};

export const mayHoldSecrets = (kind: RecordKind): boolean => walks[kind] !== undefined;

export const mapLeaves = (kind: RecordKind, record: JsonObject, visit: Visit): JsonObject =>
  walks[kind]?.(record, visit) ?? record;

const texts = (list: Json | undefined): string[] =>
  Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];

const rulesFor = ({ encryptedFields }: JsonObject): RuleTree =>
  treeOf(
    texts(encryptedFields).map((path) => path.split('.')),
    'all',
    treeOf([AUTH], 'auth'),
  );

function treeOf(paths: readonly Path[], below: Rule, root: RuleTree = { children: new Map() }): RuleTree {
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
  readonly #listed: RuleTree;
  /** Dotted paths that `unencryptedFields` names. */
  readonly #unencrypted = new Set<string>();
  readonly #path: string[] = [];

  constructor(visit: Visit, rules: RuleTree) {
    this.#visit = visit;
    this.#listed = rules;
  }

  /** Copies only objects and arrays that change. */
  object(record: JsonObject, below: Rule): JsonObject {
    return this.#value(record, below, this.#listed, '', '') as JsonObject;
  }

  /** @param key the nearest object key; @param parent the key above it */
  #value(value: Json, below: Rule, rules: RuleTree | undefined, key: string, parent: string): Json {
    if (value === null) return value;
    if (typeof value !== 'object') return this.#visit(value as Leaf, this.#path, sensitivityOf(below, key, parent));
    if (below === 'none' && !rules) return value;
    const isList = Array.isArray(value);
    if (!isList) this.#collectUnencrypted(value as JsonObject);
    let copy: Record<string, Json> | Json[] | undefined;
    for (const name of Object.keys(value)) {
      const inner = (value as JsonObject)[name] as Json;
      const next = rules?.children.get(name);
      this.#path.push(name);
      const mapped = isList
        ? this.#value(inner, below === 'all' ? below : (next?.below ?? below), next, key, parent)
        : this.#value(inner, this.#belowOf(name, below, next), next, name, key);
      this.#path.pop();
      if (mapped === inner) continue;
      copy ??= isList ? [...value] : { ...(value as JsonObject) };
      // Not by assignment, which treats `__proto__` specially.
      Object.defineProperty(copy, name, { value: mapped, writable: true, enumerable: true, configurable: true });
    }
    return copy ?? value;
  }

  #belowOf(name: string, below: Rule, rules: RuleTree | undefined): Rule {
    if (below === 'all' || rules?.below === 'all') return 'all';
    if (below !== 'none' && isEncryptedByName(name)) return 'all';
    if (rules?.below) return rules.below;
    const isUnencrypted = this.#unencrypted.size > 0 && this.#unencrypted.has(this.#path.join('.'));
    return below === 'named' && isUnencrypted ? 'unencrypted' : below;
  }

  /** Entries are dotted paths, or keys of the `unencrypted` object beside it, as text or as `{id, label}`. */
  #collectUnencrypted({ unencryptedFields }: JsonObject): void {
    if (!Array.isArray(unencryptedFields)) return;
    const prefix = this.#path.map((key) => `${key}.`).join('');
    for (const field of unencryptedFields as readonly Json[]) {
      const name = typeof field === 'string' ? field : (field as JsonObject | null)?.id;
      if (typeof name !== 'string') continue;
      this.#unencrypted.add(prefix + name).add(`${prefix}unencrypted.${name}`);
    }
  }
}

function sensitivityOf(below: Rule, key: string, parent: string): Sensitivity {
  if (below === 'all') return 'secret';
  if (below === 'auth') return isNamedLikeASetting(key) ? 'setting' : 'secret';
  return below === 'named' && isNamedLikeASecret(key, parent) ? 'secret' : 'plain';
}
