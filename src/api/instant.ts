/** Dates from outside: ISO 8601, with a time zone if there is a time. */
const INSTANT = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** Converts a date to its stored form: UTC, with milliseconds. Undefined if it is not valid. */
export function instantOf(text: string): string | undefined {
  const [, day] = INSTANT.exec(text) ?? [];
  // Date reads 31 February as 3 March.
  if (day === undefined || isoOf(day)?.slice(0, 10) !== day) return undefined;
  return isoOf(text);
}

function isoOf(text: string): string | undefined {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
