/** Helpers for texts and lists. */
import { PageError } from './errors.ts';
import { given, type HelperOptions } from './helpers-number.ts';
import { asText } from './json.ts';

const REPEATED_CHARS = 1_000_000;

function pattern(source: unknown, flags: string): RegExp {
  try {
    return new RegExp(asText(source), flags);
  } catch {
    throw new PageError(
      'template_invalid',
      `${JSON.stringify(asText(source).slice(0, 100))} is not a regular expression`,
    );
  }
}

const flagsOf = (value: unknown): string => (typeof value === 'string' ? value.replace(/[^gimsuy]/g, '') : '');
const upperFirst = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

function pad(value: unknown, length: unknown, char: unknown, isStart: boolean): string {
  const filler = typeof char === 'string' && char !== '' ? char : ' ';
  const width = Math.min(REPEATED_CHARS, Number(length) || 0);
  return isStart ? asText(value).padStart(width, filler) : asText(value).padEnd(width, filler);
}

const upperCase = (value: unknown): string => asText(value).toUpperCase();
const lowerCase = (value: unknown): string => asText(value).toLowerCase();

export const textHelpers = {
  upperCase,
  uppercase: upperCase,
  lowerCase,
  lowercase: lowerCase,
  capitalize: (value: unknown) => upperFirst(asText(value)),
  capitalizeAll: (value: unknown) => asText(value).replace(/\S+/g, upperFirst),
  trim: (value: unknown) => asText(value).trim(),
  padLeft: (value: unknown, length: unknown, char: unknown) => pad(value, length, char, true),
  padRight: (value: unknown, length: unknown, char: unknown) => pad(value, length, char, false),
  substring(...args: unknown[]) {
    const [value, start = 0, end] = given(args);
    return asText(value).substring(Number(start), end === undefined ? undefined : Number(end));
  },
  /** The part at an index; the first by default. */
  split(...args: unknown[]) {
    const [value, delimiter, index = 0] = given(args);
    return asText(value).split(asText(delimiter))[Number(index)] ?? '';
  },
  join: (...args: unknown[]) => {
    const [delimiter, ...values] = given(args);
    return values.flat().map(asText).join(asText(delimiter));
  },
  replace: (value: unknown, from: unknown, to: unknown) => asText(value).replaceAll(asText(from), () => asText(to)),
  /** The match at an index; the first by default. */
  regexMatch(...args: unknown[]) {
    const [value, source, index = 0, flags] = given(args);
    const matches = asText(value).match(pattern(source, `${flagsOf(flags).replace('g', '')}g`));
    return matches?.[Number(index)] ?? '';
  },
  regexReplace(...args: unknown[]) {
    const [value, to, source, flags] = given(args);
    const used = typeof flags === 'string' ? flagsOf(flags) : 'g';
    return asText(value).replace(pattern(source, used), asText(to));
  },
  regexSearch(...args: unknown[]) {
    const [value, source, flags] = given(args);
    return asText(value).search(pattern(source, flagsOf(flags)));
  },
  /** `sort list number="true" reverse="true"` */
  sort(list: unknown, { hash }: HelperOptions) {
    if (!Array.isArray(list)) return list;
    const isNumeric = String(hash.number) === 'true';
    const sorted = list.toSorted((a, b) => {
      if (isNumeric) return Number(a) - Number(b);
      const [left, right] = [asText(a), asText(b)];
      return left < right ? -1 : Number(left > right);
    });
    return String(hash.reverse) === 'true' ? sorted.reverse() : sorted;
  },
};
