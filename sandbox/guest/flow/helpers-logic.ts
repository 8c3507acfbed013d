/** Helpers for decisions, as blocks or as arguments, and for look-ups. */
import { PageError } from './errors.ts';
import { given, type HelperOptions } from './helpers-number.ts';
import { asText, isEmpty, isObject, own } from './json.ts';
import { parsePath, readPath } from './path.ts';

function decide(context: unknown, isTrue: boolean, { fn, inverse }: HelperOptions): unknown {
  if (!fn) return isTrue;
  return isTrue ? fn(context) : (inverse?.(context) ?? '');
}

const optionsOf = (args: readonly unknown[]): HelperOptions => args.at(-1) as HelperOptions;

/** Like JavaScript for primitives. Objects compare as JSON, so that none of their own code runs. */
function compareValues(left: unknown, operator: unknown, right: unknown): boolean {
  const [a, b] = [left, right].map((value) => (typeof value === 'object' && value !== null ? asText(value) : value));
  const [x, y] = [a as string, b as string];
  switch (operator) {
    case '==':
      // biome-ignore lint/suspicious/noDoubleEquals: the operator that the template names
      return x == y;
    case '!=':
      // biome-ignore lint/suspicious/noDoubleEquals: the operator that the template names
      return x != y;
    case '===':
      return x === y;
    case '!==':
      return x !== y;
    case '<':
      return x < y;
    case '>':
      return x > y;
    case '<=':
      return x <= y;
    case '>=':
      return x >= y;
    default:
      throw new PageError(
        'template_invalid',
        `compare has the unknown operator ${JSON.stringify(operator)?.slice(0, 20)}`,
      );
  }
}

export const logicHelpers = {
  compare(this: unknown, ...args: unknown[]) {
    const [left, operator, right] = given(args);
    return decide(this, compareValues(left, operator, right), optionsOf(args));
  },
  and(this: unknown, ...args: unknown[]) {
    return decide(this, given(args).every(Boolean), optionsOf(args));
  },
  or(this: unknown, ...args: unknown[]) {
    return decide(this, given(args).some(Boolean), optionsOf(args));
  },
  not(this: unknown, ...args: unknown[]) {
    return decide(this, !args[0], optionsOf(args));
  },
  contains(this: unknown, ...args: unknown[]) {
    const [collection, value] = given(args);
    const isFound = Array.isArray(collection)
      ? collection.some((item) => asText(item) === asText(value))
      : asText(collection).includes(asText(value));
    return decide(this, isFound, optionsOf(args));
  },
  /** `{{{{raw}}}} … {{{{/raw}}}}`: the content is not rendered. */
  raw(this: unknown, { fn }: HelperOptions) {
    return fn ? fn(this) : '';
  },
  /** `lookup "name of a static lookup" value`, or `lookup object key` as in Handlebars. */
  lookup(...args: unknown[]) {
    const [from, key] = given(args);
    if (typeof from !== 'string') return own(from, asText(key));
    const maps = own(optionsOf(args).data?.root, 'staticLookups');
    const lookup = own(maps, from);
    if (!isObject(lookup)) throw new PageError('template_invalid', `there is no static lookup ${from.slice(0, 100)}`);
    return own(lookup.map, asText(key)) ?? lookup.default;
  },
  /** `getValue "path" default?` */
  getValue(this: unknown, ...args: unknown[]) {
    const [path, fallback] = given(args);
    const found = readPath(this, parsePath(asText(path)));
    return isEmpty(found) ? fallback : found;
  },
};
