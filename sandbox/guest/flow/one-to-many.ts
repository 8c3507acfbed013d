/** `oneToMany`: a step processes the items of a list in each record instead of the records. */
import type { FlowRecord } from './interface.ts';
import { isObject, textAt } from './json.ts';
import { parsePath, readPath, writePath } from './path.ts';
import { plainCopy } from './plain-copy.ts';

export interface Child {
  /** Index of its record on the page, and of the item in its list; the latter is undefined for the record itself. */
  readonly parent: number;
  readonly index?: number;
  readonly record: unknown;
}

/** What a step processes: the records, or the items of their lists. */
export function childrenOf(record: FlowRecord, records: readonly unknown[]): Child[] {
  const path = textAt(record, 'pathToMany');
  if (record.oneToMany !== true || path === undefined) {
    return records.map((item, parent) => ({ parent, record: item }));
  }
  const steps = parsePath(path);
  return records.flatMap((item, parent): Child[] => {
    const list = readPath(item, steps);
    if (!Array.isArray(list)) return [];
    const parentFields = without(item, steps[0] ?? null);
    return list.map((child: unknown, index) => ({
      parent,
      index,
      record: isObject(child) ? { ...child, _PARENT: parentFields } : child,
    }));
  });
}

function without(record: unknown, name: string | null): unknown {
  if (!isObject(record) || name === null) return record;
  const { [name]: _, ...others } = record;
  return others;
}

/** The flow's record with only this child, so that a retry does not send the others again. */
export function retryDataOf(record: FlowRecord, item: unknown, { index }: Child): unknown {
  if (index === undefined) return item;
  const path = parsePath(textAt(record, 'pathToMany') ?? '');
  const list = readPath(item, path) as readonly unknown[];
  const copy = plainCopy(item) as object;
  writePath(copy, path, [list[index]]);
  return copy;
}

/** Where to merge a response: into the record, which is a copy, or into the item of its list. */
export function targetIn(record: FlowRecord, item: unknown, { index }: Child): object | undefined {
  const target =
    index === undefined ? item : readPath(item, [...parsePath(textAt(record, 'pathToMany') ?? ''), String(index)]);
  return typeof target === 'object' && target !== null ? target : undefined;
}
