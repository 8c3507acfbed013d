/** Mappings: `fields` and `lists` that turn one record into another. */
import { converterFor, NotOfType } from './data-type.ts';
import { messageOf, PageError, RecordProblem, shorten } from './errors.ts';
import { isEmpty, isObject, type JsonObject, listAt, textAt } from './json.ts';
import type { LookedUp, Lookups } from './lookups.ts';
import { atIndex, type Path, parsePath, readPath, writePath } from './path.ts';
import { isTemplate, render, type TemplateContext } from './template.ts';

export type Operation = 'create' | 'update';

export interface MappingSource {
  readonly record: unknown;
  /** Further values for templates. */
  readonly context: TemplateContext;
  readonly operation?: Operation | undefined;
  readonly lookedUp?: LookedUp;
}

interface Field {
  readonly generate: Path;
  /** Undefined without a path, or for a path without `[*]`. */
  readonly extract: Path | undefined;
  valueOf(source: MappingSource, index?: number): { readonly value: unknown } | undefined;
}

interface List {
  readonly generate: Path;
  readonly fields: readonly Field[];
}

export interface Mapping {
  readonly fields: readonly Field[];
  readonly lists: readonly List[];
  readonly lookupNames: readonly string[];
}

const FIELDS = 2_000;
/** Items of one list in one record. */
const ITEMS = 10_000;
const CONDITIONS = ['record_created', 'record_updated', 'extract_not_empty', 'lookup_not_empty', 'lookup_empty'];

/** @returns undefined if nothing is mapped @throws PageError `mapping_invalid` */
export function compileMapping(mapping: unknown, lookups?: Lookups): Mapping | undefined {
  if (mapping === undefined || mapping === null) return undefined;
  if (!isObject(mapping)) throw new PageError('mapping_invalid', 'a mapping is an object with fields and lists');
  const fields = listAt(mapping, 'fields');
  const lists = listAt(mapping, 'lists');
  const all = [...fields, ...lists.flatMap((list) => listAt(list, 'fields'))];
  if (all.length === 0) return undefined;
  if (all.length > FIELDS) throw new PageError('mapping_invalid', `a mapping has more than ${FIELDS} fields`);
  return {
    fields: fields.map((field) => compileField(field, lookups)),
    lists: lists.map((list) => ({
      generate: generateOf(list),
      fields: listAt(list, 'fields').map((field) => compileField(field, lookups)),
    })),
    lookupNames: all.flatMap((field) =>
      ['lookupName', 'conditional.lookupName'].flatMap((path) => textAt(field, path) ?? []),
    ),
  };
}

function generateOf(field: unknown): Path {
  const generate = textAt(field, 'generate');
  if (generate === undefined) throw new PageError('mapping_invalid', 'a field of a mapping has no generate');
  return parsePath(generate);
}

function compileField(field: unknown, lookups: Lookups | undefined): Field {
  const generate = generateOf(field);
  const config = field as JsonObject;
  const extract = textAt(config, 'extract');
  const path = extract === undefined || isTemplate(extract) ? undefined : parsePath(extract);
  const convert = converterFor(textAt(config, 'dataType'), {
    from: { format: textAt(config, 'extractDateFormat'), timezone: textAt(config, 'extractDateTimezone') },
    to: { format: textAt(config, 'generateDateFormat'), timezone: textAt(config, 'generateDateTimezone') },
  });
  const lookupName = textAt(config, 'lookupName');
  const { hardCodedValue, default: fallback } = config;
  const isFixed = hardCodedValue !== undefined && hardCodedValue !== null;
  const applies = conditionOf(config);

  const extracted = ({ record, context }: MappingSource, index: number | undefined): unknown => {
    if (isFixed) return hardCodedValue;
    if (path) return readPath(record, index === undefined ? path : atIndex(path, index));
    return extract === undefined ? undefined : render(extract, context, 'text');
  };
  const lookUp = (name: string, value: unknown, source: MappingSource): unknown => {
    if (!lookups) throw new PageError('mapping_invalid', 'this mapping has no lookups');
    if (lookups.isStatic(name) && isEmpty(value)) return value;
    const found = lookups.isStatic(name) ? lookups.inMap(name, value) : source.lookedUp?.get(name);
    if (found instanceof RecordProblem) throw found;
    return found;
  };

  return {
    generate,
    extract: path,
    valueOf(source, index) {
      const raw = extracted(source, index);
      if (!applies(source, raw, (name) => lookUp(name, raw, source))) return undefined;
      let value = lookupName === undefined ? raw : lookUp(lookupName, raw, source);
      if (isEmpty(value) && fallback !== undefined && fallback !== null) value = fallback;
      if (value === undefined || (config.discardIfEmpty === true && isEmpty(value))) return undefined;
      try {
        return { value: convert(value) };
      } catch (error) {
        if (!(error instanceof NotOfType)) throw error;
        throw new RecordProblem('mapping_invalid', `${config.generate}: ${error.message}`, { source: 'mapping' });
      }
    },
  };
}

type Applies = (source: MappingSource, raw: unknown, lookUp: (name: string) => unknown) => boolean;

/** Whether to map a field: `immutable` only for new records, otherwise according to `conditional.when`. */
function conditionOf(config: JsonObject): Applies {
  const when = textAt(config, 'conditional.when');
  if (when !== undefined && !CONDITIONS.includes(when)) {
    throw new PageError('mapping_invalid', `conditional.when is ${shorten(when, 50)}`);
  }
  const name = textAt(config, 'conditional.lookupName') ?? textAt(config, 'lookupName') ?? '';
  return ({ operation }, raw, lookUp) => {
    if (config.immutable === true && operation === 'update') return false;
    switch (when) {
      case 'record_created':
        return operation !== 'update';
      case 'record_updated':
        return operation === 'update';
      case 'extract_not_empty':
        return !isEmpty(raw);
      case 'lookup_not_empty':
        return !isEmpty(lookUp(name));
      case 'lookup_empty':
        return isEmpty(lookUp(name));
      default:
        return true;
    }
  };
}

/**
 * Maps a source into a target.
 *
 * @throws RecordProblem, or PageError if the mapping itself is wrong
 */
export function applyMapping({ fields, lists }: Mapping, source: MappingSource, target: object): void {
  try {
    for (const field of fields) {
      const found = field.valueOf(source);
      if (found) writePath(target, field.generate, found.value);
    }
    for (const list of lists) writePath(target, list.generate, itemsOf(list, source));
  } catch (error) {
    if (error instanceof PageError && error.code === 'template_invalid') {
      throw new RecordProblem(error.code, error.message, { source: 'mapping' });
    }
    if (error instanceof RangeError)
      throw new RecordProblem('mapping_invalid', messageOf(error), { source: 'mapping' });
    throw error;
  }
}

/** As many items as the longest extracted list. Fields without `[*]` are the same in each item. */
function itemsOf({ fields }: List, source: MappingSource): unknown[] {
  const lengths = fields.flatMap(({ extract }) => {
    if (!extract?.includes(null)) return [];
    const list = readPath(source.record, extract.slice(0, extract.indexOf(null)));
    return Array.isArray(list) ? [list.length] : [];
  });
  const isAny = lengths.length > 0 || fields.every(({ extract }) => !extract?.includes(null));
  const length = lengths.length > 0 ? Math.max(...lengths) : Number(isAny);
  if (length > ITEMS) {
    throw new RecordProblem('mapping_invalid', `a list would have ${length} items; the limit is ${ITEMS}`, {
      source: 'mapping',
    });
  }
  return Array.from({ length }, (_, index) => {
    const item = {};
    for (const field of fields) {
      const found = field.valueOf(source, index);
      if (found) writePath(item, field.generate, found.value);
    }
    return item;
  });
}
