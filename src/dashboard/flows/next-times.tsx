import { nextTimes } from './schedule.ts';

const COUNT = 5;

/** The next times at which a schedule is due, in its time zone. */
export function NextTimes({ schedule, timezone }: { readonly schedule: string; readonly timezone: string }) {
  const times = nextTimes(schedule, timezone, COUNT);
  if (times.length === 0) return <p class="notice warn">This schedule is never due.</p>;
  const format = new Intl.DateTimeFormat(undefined, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: timezone,
    timeZoneName: 'short',
  });
  return (
    <div class="stack tight">
      <h3 class="small">Next times</h3>
      <ol class="small next-times" aria-label="Next times">
        {times.map((time) => (
          <li key={time.getTime()}>
            <time dateTime={time.toISOString()}>{format.format(time)}</time>
          </li>
        ))}
      </ol>
    </div>
  );
}
