/** Times, durations and sizes, as the user's locale has them. */

const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const withSeconds = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

interface TimeProps {
  /** ISO 8601. */
  readonly at: string;
  /** Of a log: the day is known, the second matters. */
  readonly isOfLine?: boolean;
}

/** A moment; the exact one on hover. What is no date is shown as it is. */
export function Time({ at, isOfLine = false }: TimeProps) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{at}</span>;
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={at} title={`${exact.format(date)} (${at})`}>
      {(isOfLine ? withSeconds : isToday ? timeOnly : dateAndTime).format(date)}
    </time>
  );
}

const number = (value: number, digits: number): string =>
  value.toLocaleString(undefined, { maximumFractionDigits: digits });

export function duration(ms: number | undefined): string {
  if (ms === undefined) return '–';
  if (ms < 1) return `${number(ms, 2)} ms`;
  if (ms < 1000) return `${number(ms, ms < 10 ? 1 : 0)} ms`;
  if (ms < 60_000) return `${number(ms / 1000, 1)} s`;
  const seconds = Math.floor(ms / 1000);
  const rest = seconds % 60;
  return `${number(Math.floor(seconds / 60), 0)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

export function size(bytes: number | undefined): string {
  if (bytes === undefined) return '–';
  return bytes < 1_048_576 ? `${number(bytes / 1024, 0)} KB` : `${number(bytes / 1_048_576, 1)} MB`;
}

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${number(count, 0)} ${count === 1 ? one : many}`;
