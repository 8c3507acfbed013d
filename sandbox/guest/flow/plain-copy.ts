/** Copies plain JSON: a hook may change its argument, but must not change its answer later. */
import { setOwn } from './json.ts';

const DEPTH = 200;

/** The message says what is not plain JSON, and where: `Date at data[0].created`. */
export class NotPlain extends Error {}

/** Like a round trip through JSON: leaves out undefined properties. @throws NotPlain */
export function plainCopy(value: unknown): unknown {
  return copy(value, '', DEPTH);
}

function copy(value: unknown, path: string, depth: number): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  // NaN and the infinities become null, as they do in JSON.
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object') throw new NotPlain(`${typeof value}${place(path)}`);
  if (depth === 0) throw new NotPlain(`a value nested more than ${DEPTH} levels deep`);
  if (Array.isArray(value)) return copyList(value, path, depth);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new NotPlain(`${classOf(value)}${place(path)}`);
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    // Most values are strings: skip the call.
    if (typeof item === 'string') setOwn(result, key, item);
    else if (item !== undefined) setOwn(result, key, copy(item, `${path}.${key}`, depth - 1));
  }
  return result;
}

function copyList(list: readonly unknown[], path: string, depth: number): unknown[] {
  const result: unknown[] = [];
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    result.push(item === undefined ? null : copy(item, `${path}[${i}]`, depth - 1));
  }
  return result;
}

const place = (path: string): string => (path === '' ? '' : ` at ${path.replace(/^\./, '').slice(0, 200)}`);

function classOf(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? name.slice(0, 50) : 'an instance of a class';
}
