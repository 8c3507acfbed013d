/** Converts mapped values to a field's `dataType`. */
import { type DateFormat, formatDate, InvalidDate, parseDate } from './dates.ts';
import { PageError, shorten } from './errors.ts';
import { asText, isEmpty } from './json.ts';

/** The value cannot be converted to the type. */
export class NotOfType extends Error {}

export interface DateFormats {
  readonly from: DateFormat;
  readonly to: DateFormat;
}

type Convert = (value: unknown, formats: DateFormats) => unknown;

const TRUE = /^(?:true|yes|y|on|1|t)$/i;
const FALSE = /^(?:false|no|n|off|0|f)$/i;

const converters: Readonly<Record<string, Convert>> = {
  string: (value) => asText(value),
  number(value) {
    const number = typeof value === 'boolean' ? Number(value) : Number(asText(value).trim());
    if (!Number.isFinite(number)) throw new NotOfType(`${shown(value)} is not a number`);
    return number;
  },
  boolean(value) {
    const text = asText(value).trim();
    if (TRUE.test(text)) return true;
    if (FALSE.test(text)) return false;
    throw new NotOfType(`${shown(value)} is neither true nor false`);
  },
  date: convertDate,
  object(value) {
    const parsed = typeof value === 'string' ? parsedOr(value) : value;
    if (typeof parsed !== 'object' || parsed === null) throw new NotOfType(`${shown(value)} is not an object`);
    return parsed;
  },
};

const shown = (value: unknown): string => shorten(JSON.stringify(value) ?? 'undefined', 100);

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function convertDate(value: unknown, { from, to }: DateFormats): string {
  try {
    return formatDate(parseDate(value, from), to);
  } catch (error) {
    if (error instanceof InvalidDate) throw new NotOfType(error.message);
    throw error;
  }
}

/** @returns a converter for the type, which may be a list such as `stringarray` @throws PageError `mapping_invalid` */
export function converterFor(dataType: string | undefined, formats: DateFormats): (value: unknown) => unknown {
  const hasDates = Object.values(formats).some(
    ({ format, timezone }) => format !== undefined || timezone !== undefined,
  );
  const type = dataType?.toLowerCase() ?? (hasDates ? 'date' : undefined);
  if (type === undefined) return (value) => value;
  const name = type === 'string' && hasDates ? 'date' : type.replace(/array$/, '');
  const convert = Object.hasOwn(converters, name) ? converters[name] : undefined;
  if (!convert) throw new PageError('mapping_invalid', `a mapping has the unknown data type ${shorten(type, 50)}`);
  const one = (value: unknown): unknown => (isEmpty(value) ? value : convert(value, formats));
  return type.endsWith('array') ? (value) => (isEmpty(value) ? value : [value].flat().map(one)) : one;
}
