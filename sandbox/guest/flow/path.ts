/** Paths of mappings: `a.b[0].c`, `a.0.c`, `a[*].b`, `['a.b']`. */
import { PageError } from './errors.ts';
import { own, setOwn } from './json.ts';

/** A name or an index; null stands for `[*]`, every element of a list. */
export type Path = readonly (string | null)[];

const PATHS_CACHED = 2_000;
const PATH_CHARS = 1_000;
const STEPS = 50;
/** Highest index that a path may write to, so that no list consists mostly of holes. */
const INDEX_MAX = 1_000;

const cache = new Map<string, Path>();

/** `[*]`, `['name']`, `["name"]`, `[0]`, or a name up to the next dot or bracket. */
const STEP = /\[\s*(?:(\*)|'([^']*)'|"([^"]*)"|([^\]'"*]+))\s*\]|([^.[\]]+)/y;

/** @throws PageError `mapping_invalid` */
export function parsePath(text: string): Path {
  const known = cache.get(text);
  if (known) return known;
  if (text.length > PATH_CHARS) throw invalid(text, `is longer than ${PATH_CHARS} characters`);
  const steps: (string | null)[] = [];
  let end = text.startsWith('$.') ? 2 : 0;
  while (end < text.length) {
    if (steps.length > 0 && text[end] === '.') end++;
    STEP.lastIndex = end;
    const match = STEP.exec(text);
    if (!match) throw invalid(text, 'is not a path');
    const [whole, every, single, double, bracketed, name] = match;
    if (every === undefined) steps.push(single ?? double ?? bracketed?.trim() ?? (name as string));
    else steps.push(null);
    end += whole.length;
    if (steps.length > STEPS) throw invalid(text, `has more than ${STEPS} steps`);
  }
  if (cache.size >= PATHS_CACHED) cache.clear();
  cache.set(text, steps);
  return steps;
}

const invalid = (text: string, what: string): PageError =>
  new PageError('mapping_invalid', `the path ${JSON.stringify(text.slice(0, 100))} ${what}`);

/** The value at a path. With `[*]`, the list of all existing values. */
export function readPath(value: unknown, path: Path, from = 0): unknown {
  let found = value;
  for (let i = from; i < path.length; i++) {
    const step = path[i] as string | null;
    if (step === null) return readEach(found, path, i + 1);
    found = own(found, step);
    if (found === undefined) return undefined;
  }
  return found;
}

function readEach(list: unknown, path: Path, from: number): unknown[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const inner = path.includes(null, from);
  return list.flatMap((item): unknown[] => {
    const found = readPath(item, path, from);
    if (found === undefined) return [];
    return inner && Array.isArray(found) ? found : [found];
  });
}

/** The path with its first `[*]` replaced by an index. */
export function atIndex(path: Path, index: number): Path {
  const first = path.indexOf(null);
  return first === -1 ? path : path.with(first, String(index));
}

/** Sets the value at a path, and creates the objects and lists on the way. @throws PageError */
export function writePath(target: object, path: Path, value: unknown): void {
  let object = target;
  for (let i = 0; i < path.length - 1; i++) {
    const step = stepInto(object, path[i] as string | null);
    let next = own(object, step);
    if (typeof next !== 'object' || next === null) {
      next = /^\d+$/.test(String(path[i + 1])) ? [] : {};
      setOwn(object, step, next);
    }
    object = next as object;
  }
  setOwn(object, stepInto(object, path.at(-1) ?? ''), value);
}

function stepInto(object: object, step: string | null): string {
  if (step === null) throw new PageError('mapping_invalid', 'a generate path cannot contain [*]');
  if (Array.isArray(object) && !(/^\d+$/.test(step) && Number(step) <= INDEX_MAX)) {
    throw new PageError(
      'mapping_invalid',
      `a generate path has the index ${step.slice(0, 50)}; the limit is ${INDEX_MAX}`,
    );
  }
  return step;
}
