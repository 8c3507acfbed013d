/** Dates in mappings, templates and delta exports. Formats are those of Day.js, the same as Moment's. */
import dayjs from 'dayjs';
import advancedFormat from 'dayjs/plugin/advancedFormat.js';
import customParseFormat from 'dayjs/plugin/customParseFormat.js';
import localizedFormat from 'dayjs/plugin/localizedFormat.js';
import timezone from 'dayjs/plugin/timezone.js';
import utc from 'dayjs/plugin/utc.js';

for (const plugin of [utc, timezone, customParseFormat, advancedFormat, localizedFormat]) dayjs.extend(plugin);

export class InvalidDate extends Error {}

/** An ISO 8601 text with an offset from UTC. */
const HAS_OFFSET = /(?:Z|[+-]\d\d:?\d\d)$/i;
/** Unix time: seconds have ten digits until the year 2286. */
const UNIX_TIME = /^\d{10}(?:\d{3})?$/;

export interface DateFormat {
  readonly format?: string | undefined;
  /** IANA name; UTC by default. */
  readonly timezone?: string | undefined;
}

/** Unix time in milliseconds. @throws InvalidDate */
export function parseDate(value: unknown, { format, timezone: zone }: DateFormat = {}): number {
  const time = orInvalid(() => timeOf(value, format, zone));
  if (Number.isNaN(time)) throw new InvalidDate(`${JSON.stringify(value)?.slice(0, 100)} is not a date`);
  return time;
}

function timeOf(value: unknown, format: string | undefined, zone: string | undefined): number {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'number' && format === undefined) return value;
  if (typeof value !== 'string' && typeof value !== 'number') return Number.NaN;
  const text = String(value).trim();
  if (format === 'X' || format === 'x') return Number(text) * (format === 'X' ? 1_000 : 1);
  if (format !== undefined) {
    const hasOwnZone = /Z/.test(format);
    return (zone === undefined || hasOwnZone ? dayjs.utc(text, format) : dayjs.tz(text, format, zone)).valueOf();
  }
  if (UNIX_TIME.test(text)) return Number(text) * (text.length === 10 ? 1_000 : 1);
  if (HAS_OFFSET.test(text)) return Date.parse(text);
  return (zone === undefined ? dayjs.utc(text) : dayjs.tz(text, zone)).valueOf();
}

/** ISO 8601 by default. @throws InvalidDate */
export function formatDate(time: number, { format, timezone: zone }: DateFormat = {}): string {
  return orInvalid(() => {
    if (format === undefined || format === '') {
      if (zone === undefined || zone === 'UTC') return new Date(time).toISOString();
      return dayjs(time).tz(zone).format();
    }
    const date = zone === undefined ? dayjs.utc(time) : dayjs(time).tz(zone);
    return date.format(format);
  });
}

/** Intl throws a RangeError for a time zone that it does not know. */
function orInvalid<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw new InvalidDate(error.message);
    throw error;
  }
}
