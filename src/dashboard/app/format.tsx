/** Times, durations and sizes in the user's locale. */

const dateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const timeOnly = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const timeWithSeconds = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const fullDateAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

interface TimeProps {
  /** ISO 8601. */
  readonly at: string;
  /** Time of day with seconds, for log lines. */
  readonly withSeconds?: boolean;
}

/** A time, with full precision on hover. An invalid date is shown as is. */
export function Time({ at, withSeconds = false }: TimeProps) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{at}</span>;
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time dateTime={at} title={`${fullDateAndTime.format(date)} (${at})`}>
      {(withSeconds ? timeWithSeconds : isToday ? timeOnly : dateAndTime).format(date)}
    </time>
  );
}

const formatNumber = (value: number, digits: number): string =>
  value.toLocaleString(undefined, { maximumFractionDigits: digits });

export function formatDuration(ms: number | undefined): string {
  if (ms === undefined) return '–';
  if (ms < 1) return `${formatNumber(ms, 2)} ms`;
  if (ms < 1000) return `${formatNumber(ms, ms < 10 ? 1 : 0)} ms`;
  if (ms < 60_000) return `${formatNumber(ms / 1000, 1)} s`;
  const seconds = Math.floor(ms / 1000);
  const rest = seconds % 60;
  return `${formatNumber(Math.floor(seconds / 60), 0)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

export function formatSize(bytes: number | undefined): string {
  if (bytes === undefined) return '–';
  return bytes < 1_048_576 ? `${formatNumber(bytes / 1024, 0)} KB` : `${formatNumber(bytes / 1_048_576, 1)} MB`;
}

export const pluralize = (count: number, one: string, many = `${one}s`): string =>
  `${formatNumber(count, 0)} ${count === 1 ? one : many}`;
