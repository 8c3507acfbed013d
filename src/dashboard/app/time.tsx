/** Times in the user's locale. */

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
