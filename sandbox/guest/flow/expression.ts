/** Filters as expressions: `["and", ["equals", ["string", ["extract", "status"]], "open"], …]`. */
import { parseDate } from './dates.ts';
import { messageOf, PageError, shorten } from './errors.ts';
import { asText, isEmpty } from './json.ts';
import { parsePath, readPath } from './path.ts';

/** What `extract`, `settings` and `context` read. */
export interface ExpressionContext {
  readonly record: unknown;
  readonly settings?: unknown;
  readonly context?: unknown;
}

type Evaluate = (args: readonly unknown[]) => unknown;

const DEPTH = 50;
const NODES = 1_000;

const numberOf = (value: unknown): number => (isEmpty(value) ? Number.NaN : Number(value));
const isEmptyValue = (value: unknown): boolean =>
  isEmpty(value) || (Array.isArray(value) && value.length === 0) || Number.isNaN(value);

/** Numbers compare as numbers, everything else as text. */
function compare(left: unknown, right: unknown): number {
  if (typeof left === 'number' || typeof right === 'number') return numberOf(left) - numberOf(right);
  const [a, b] = [asText(left), asText(right)];
  return a === b ? 0 : a < b ? -1 : 1;
}

function equals(left: unknown, right: unknown): boolean {
  if (isEmptyValue(left) || isEmptyValue(right)) return isEmptyValue(left) && isEmptyValue(right);
  if (typeof left === 'number' || typeof right === 'number') return numberOf(left) === numberOf(right);
  return asText(left) === asText(right);
}

function contains(collection: unknown, value: unknown): boolean {
  if (Array.isArray(collection)) return collection.some((item) => equals(item, value));
  return asText(collection).includes(asText(value));
}

function booleanOf(value: unknown): boolean {
  return typeof value === 'string' ? /^(?:true|yes|on|1)$/i.test(value.trim()) : Boolean(value);
}

const operators: Readonly<Record<string, Evaluate>> = {
  not: ([a]) => !booleanOf(a),
  equals: ([a, b]) => equals(a, b),
  notequals: ([a, b]) => !equals(a, b),
  greaterthan: ([a, b]) => compare(a, b) > 0,
  greaterthanequals: ([a, b]) => compare(a, b) >= 0,
  greaterthanorequals: ([a, b]) => compare(a, b) >= 0,
  lessthan: ([a, b]) => compare(a, b) < 0,
  lessthanequals: ([a, b]) => compare(a, b) <= 0,
  lessthanorequals: ([a, b]) => compare(a, b) <= 0,
  startswith: ([a, b]) => asText(a).startsWith(asText(b)),
  endswith: ([a, b]) => asText(a).endsWith(asText(b)),
  contains: ([a, b]) => contains(a, b),
  doesnotcontain: ([a, b]) => !contains(a, b),
  empty: ([a]) => isEmptyValue(a),
  notempty: ([a]) => !isEmptyValue(a),
  matches: ([a, b]) => new RegExp(asText(b)).test(asText(a)),
  string: ([a]) => (isEmpty(a) ? a : asText(a)),
  number: ([a]) => numberOf(a),
  boolean: ([a]) => booleanOf(a),
  epochtime: ([a]) => (isEmpty(a) ? Number.NaN : parseDate(a)),
  lowercase: ([a]) => asText(a).toLowerCase(),
  uppercase: ([a]) => asText(a).toUpperCase(),
  add: ([a, b]) => numberOf(a) + numberOf(b),
  subtract: ([a, b]) => numberOf(a) - numberOf(b),
  multiply: ([a, b]) => numberOf(a) * numberOf(b),
  divide: ([a, b]) => numberOf(a) / numberOf(b),
  modulo: ([a, b]) => numberOf(a) % numberOf(b),
  ceiling: ([a]) => Math.ceil(numberOf(a)),
  floor: ([a]) => Math.floor(numberOf(a)),
  abs: ([a]) => Math.abs(numberOf(a)),
};

const sources: Readonly<Record<string, keyof ExpressionContext>> = {
  extract: 'record',
  settings: 'settings',
  context: 'context',
};

/** @throws PageError `mapping_invalid` */
export function isKept(rules: unknown, context: ExpressionContext): boolean {
  if (isEmptyValue(rules)) return true;
  let nodes = 0;
  const evaluate = (node: unknown, depth: number): unknown => {
    if (!Array.isArray(node)) return node;
    if (depth > DEPTH || ++nodes > NODES) throw new PageError('mapping_invalid', 'a filter is too large');
    const [operator, ...args] = node;
    // A list of rules: all must hold.
    if (Array.isArray(operator)) return node.every((rule) => booleanOf(evaluate(rule, depth + 1)));
    const name = asText(operator).toLowerCase();
    const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
    if (source !== undefined) return readPath(context[source], parsePath(asText(args[0])));
    if (name === 'and') return args.every((arg) => booleanOf(evaluate(arg, depth + 1)));
    if (name === 'or') return args.some((arg) => booleanOf(evaluate(arg, depth + 1)));
    const operation = Object.hasOwn(operators, name) ? operators[name] : undefined;
    if (!operation) throw new PageError('mapping_invalid', `a filter uses the unknown operator ${shorten(name, 50)}`);
    return operation(args.map((arg) => evaluate(arg, depth + 1)));
  };
  try {
    return booleanOf(evaluate(rules, 0));
  } catch (error) {
    if (error instanceof PageError) throw error;
    throw new PageError('mapping_invalid', `a filter cannot be evaluated: ${messageOf(error)}`);
  }
}
