/**
 * JSON Patch (RFC 6902) on plain JSON. No library, because those available follow inherited properties: a path such as
 * `/toString/call` would change a function shared by the whole process. Here paths follow own properties only,
 * `__proto__` is an ordinary name, and every cost is checked against a limit in advance.
 */
import Type, { Compile, type Static } from '#typebox';
import { partsIn } from '../../sandbox/index.ts';
import { fieldErrors, requestError } from '../errors.ts';
import { isJsonObject, isStorable, type Json, type JsonObject } from '../json.ts';

const OPERATIONS = 1_000;
const PATH_CHARS = 2_000;
const DEPTH_LIMIT = 100;
/** Segments of a path, including the empty first one. */
const LEVELS = DEPTH_LIMIT + 2;
/** JSON that the copy operations of one patch create. */
const COPIED_CHARS = 8 * 1024 * 1024;
/** Arrays, objects and names in it. 100,000 block the event loop for a tenth of a second. */
const COPIED_PARTS = 100_000;
/** Values and names that the test operations of one patch compare. */
const COMPARED_PARTS = 500_000;
/** Looking up a name costs this many comparisons of numbers. */
const NAME_PARTS = 8;
/** List items that insertions and removals of one patch shift. */
const MOVED_ITEMS = 10_000_000;

const Path = Type.String({ pattern: '^(?:/[^~]*(?:~[01][^~]*)*)?$', maxLength: PATH_CHARS });
const Operation = Type.Union([
  Type.Object({ op: Type.Enum(['add', 'replace', 'test']), path: Path, value: Type.Unknown() }),
  Type.Object({ op: Type.Enum(['move', 'copy']), path: Path, from: Path }),
  Type.Object({ op: Type.Literal('remove'), path: Path }),
]);
export type Operation = Static<typeof Operation>;
export const JsonPatch = Type.Array(Operation, { maxItems: OPERATIONS });
const validPatch = Compile(JsonPatch);

/** @throws RequestError if the body is not a valid patch */
export function parsePatch(body: Json | undefined): readonly Operation[] {
  if (!validPatch.Check(body)) {
    throw invalid('', `The body must be a JSON Patch (RFC 6902): an array of at most ${OPERATIONS} operations.`);
  }
  const operations = body as unknown as readonly Operation[];
  const tooDeep = operations.findIndex(
    (operation) => 'value' in operation && !isStorable(operation.value, DEPTH_LIMIT),
  );
  if (tooDeep >= 0) throw invalid(`${tooDeep}.value`, `A value nests at most ${DEPTH_LIMIT} levels.`);
  return operations;
}

/** Returns a changed copy. @throws RequestError naming the first operation that does not apply */
export function applyPatch(document: JsonObject, operations: readonly Operation[]): JsonObject {
  const patch = new Patch(document);
  for (const [index, operation] of operations.entries()) {
    if (patch.apply(operation)) continue;
    throw invalid(`${index}.path`, `${operation.op} ${operation.path} does not apply`);
  }
  if (!isJsonObject(patch.result)) throw invalid('', 'A record must be an object.');
  return patch.result;
}

const invalid = (field: string, message: string): Error => fieldErrors([{ code: 'invalid_field', field, message }]);
const tooLarge = (message: string): Error => requestError('request_too_large', { message });

type List = Json[];
type Members = Record<string, Json>;
type Container = List | Members;
type Location = readonly [container: Container, key: string];

class Patch {
  /** Wraps the document, so that the document itself has a location. */
  readonly #root: Members;
  /** Containers already copied for writing (copy on write). The original document never changes. */
  readonly #copied = new WeakSet<object>();
  #copiedChars = 0;
  #copiedParts = 0;
  #movedItems = 0;
  #comparedParts = 0;

  constructor(document: JsonObject) {
    this.#root = { '': document };
  }

  get result(): Json | undefined {
    return this.#root[''];
  }

  /** @returns whether it applied; if not, the patch must be abandoned */
  apply(operation: Operation): boolean {
    const location = this.#locate(operation.path, operation.op !== 'test');
    if (!location) return false;
    switch (operation.op) {
      case 'add':
        return this.#add(location, operation.value as Json);
      case 'remove':
        return this.#remove(location);
      case 'replace':
        return replace(location, operation.value as Json);
      case 'test':
        return this.#isEqual(valueAt(location), operation.value as Json);
      case 'move':
        return this.#move(operation.from, operation.path);
      case 'copy':
        return this.#copy(operation.from, location);
    }
  }

  /** Resolves a path. Undefined if there is no such container. @param isForWriting copies the containers on the way */
  #locate(path: string, isForWriting: boolean): Location | undefined {
    const keys = path.split('/', LEVELS + 1);
    // Deeper than any stored document.
    if (keys.length > LEVELS) return undefined;
    const last = unescapeKey(keys.pop() as string);
    let container: Container = this.#root;
    for (const key of keys.map(unescapeKey)) {
      const inner = valueAt([container, key]);
      if (typeof inner !== 'object' || inner === null) return undefined;
      const isReusable = !isForWriting || this.#copied.has(inner);
      container = (isReusable ? inner : this.#copyAt([container, key], inner as Container)) as Container;
    }
    return [container, last];
  }

  #copyAt(location: Location, container: Container): Container {
    const copy = Array.isArray(container) ? [...container] : { ...container };
    this.#copied.add(copy);
    replace(location, copy);
    return copy;
  }

  #add([container, key]: Location, value: Json): boolean {
    if (!Array.isArray(container)) {
      define(container, key, value);
      return true;
    }
    const index = key === '-' ? container.length : indexOf(key);
    if (index === undefined || index > container.length) return false;
    this.#countMoved(container.length - index);
    container.splice(index, 0, value);
    return true;
  }

  #remove([container, key]: Location): boolean {
    if (valueAt([container, key]) === undefined) return false;
    if (Array.isArray(container)) {
      this.#countMoved(container.length - Number(key));
      container.splice(Number(key), 1);
    } else {
      delete container[key];
    }
    return true;
  }

  #move(from: string, path: string): boolean {
    if (path.startsWith(`${from}/`)) return false;
    const source = this.#locate(from, true);
    const value = source && valueAt(source);
    if (!source || value === undefined || !this.#remove(source)) return false;
    // Resolved only now, as removing an item shifts those after it.
    const location = this.#locate(path, true);
    return location !== undefined && this.#add(location, value);
  }

  #copy(from: string, location: Location): boolean {
    const source = this.#locate(from, false);
    const value = source && valueAt(source);
    if (value === undefined) return false;
    if (!isStorable(value, DEPTH_LIMIT)) throw invalid('', `A record nests at most ${DEPTH_LIMIT} levels.`);
    const text = JSON.stringify(value);
    this.#copiedChars += text.length;
    if (this.#copiedChars > COPIED_CHARS) throw tooLarge(`The copies are larger than ${COPIED_CHARS} characters.`);
    this.#copiedParts += partsIn(text, COPIED_PARTS);
    if (this.#copiedParts > COPIED_PARTS) {
      throw tooLarge(`The copies have more than ${COPIED_PARTS} arrays, objects and names.`);
    }
    return this.#add(location, JSON.parse(text) as Json);
  }

  /** Deep equality of JSON. @param expected its depth bounds the recursion */
  #isEqual(value: Json | undefined, expected: Json): boolean {
    this.#countCompared(1);
    if (typeof value !== 'object' || value === null || typeof expected !== 'object' || expected === null) {
      return value === expected;
    }
    if (Array.isArray(value) || Array.isArray(expected)) {
      if (!Array.isArray(value) || !Array.isArray(expected) || value.length !== expected.length) return false;
      return value.every((item: Json, index) => this.#isEqual(item, expected[index] as Json));
    }
    const names = Object.keys(value);
    this.#countCompared(names.length * NAME_PARTS);
    if (names.length !== Object.keys(expected).length) return false;
    const [a, b] = [value as JsonObject, expected as JsonObject];
    return names.every((name) => Object.hasOwn(b, name) && this.#isEqual(a[name], b[name] as Json));
  }

  #countCompared(parts: number): void {
    this.#comparedParts += parts;
    if (this.#comparedParts > COMPARED_PARTS) {
      throw tooLarge(`The patch compares more than ${COMPARED_PARTS} values and names.`);
    }
  }

  #countMoved(items: number): void {
    this.#movedItems += items;
    if (this.#movedItems > MOVED_ITEMS) throw tooLarge(`The patch shifts more than ${MOVED_ITEMS} list items.`);
  }
}

const unescapeKey = (key: string): string =>
  key.includes('~') ? key.replaceAll('~1', '/').replaceAll('~0', '~') : key;

function replace([container, key]: Location, value: Json): boolean {
  if (valueAt([container, key]) === undefined) return false;
  if (Array.isArray(container)) container[Number(key)] = value;
  else define(container, key, value);
  return true;
}

function valueAt([container, key]: Location): Json | undefined {
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  const index = indexOf(key);
  return index === undefined ? undefined : container[index];
}

/** Digits without leading zeros (RFC 6901, 4). */
const indexOf = (key: string): number | undefined => (/^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : undefined);

/** Not by assignment, which treats `__proto__` specially. */
function define(members: Members, key: string, value: Json): void {
  Object.defineProperty(members, key, { value, writable: true, enumerable: true, configurable: true });
}
