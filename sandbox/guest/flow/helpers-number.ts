/** Helpers that compute. */
import { PageError } from './errors.ts';
import { isEmpty } from './json.ts';

/** Handlebars appends this to a helper's arguments. */
export interface HelperOptions {
  readonly hash: Readonly<Record<string, unknown>>;
  /** The content of a block; undefined for an inline helper. */
  readonly fn?: (context: unknown) => string;
  readonly inverse?: (context: unknown) => string;
  readonly data?: { readonly root?: unknown };
}

/** The arguments without the options. */
export const given = (args: readonly unknown[]): unknown[] => args.slice(0, -1);

function numberOf(value: unknown): number {
  const number = isEmpty(value) ? Number.NaN : Number(value);
  if (Number.isNaN(number)) {
    throw new PageError(
      'template_invalid',
      `${JSON.stringify(value)?.slice(0, 100) ?? 'a missing value'} is not a number`,
    );
  }
  return number;
}

/** Hides the error of binary fractions: 0.1 + 0.2 is 0.3. */
const tidy = (number: number): number => Number(number.toPrecision(15));
const unary = (compute: (a: number) => number) => (a: unknown) => tidy(compute(numberOf(a)));
const binary = (compute: (a: number, b: number) => number) => (a: unknown, b: unknown) =>
  tidy(compute(numberOf(a), numberOf(b)));
const sum = (values: readonly unknown[]): number =>
  tidy(values.flat().reduce((total: number, value) => total + numberOf(value), 0));

export const numberHelpers = {
  abs: unary(Math.abs),
  ceil: unary(Math.ceil),
  floor: unary(Math.floor),
  round: unary(Math.round),
  add: (...args: unknown[]) => sum(given(args)),
  sum: (...args: unknown[]) => sum(given(args)),
  subtract: binary((a, b) => a - b),
  multiply: binary((a, b) => a * b),
  divide: binary((a, b) => a / b),
  modulo: binary((a, b) => a % b),
  avg(...args: unknown[]) {
    const values = given(args).flat();
    return values.length === 0 ? 0 : tidy(sum(values) / values.length);
  },
  toFixed: (value: unknown, digits: unknown) => numberOf(value).toFixed(Math.min(20, Math.max(0, numberOf(digits)))),
};
