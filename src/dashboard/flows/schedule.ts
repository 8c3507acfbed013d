/** Schedules of flows: as people choose them, in words, and when they are due. The runtime reads them the same way. */
import { Cron } from 'croner';

export const kinds = {
  none: 'Only when started by hand or by a webhook',
  minutes: 'Every few minutes',
  hourly: 'Every hour',
  daily: 'Every day',
  weekdays: 'On some days of the week',
  cron: 'By a cron pattern',
} as const;
export type ScheduleKind = keyof typeof kinds;

/** Every field has a value, so that changing the kind keeps what was chosen. */
export interface Plan {
  readonly kind: ScheduleKind;
  /** One of `intervals`. */
  readonly interval: number;
  /** Minute of the hour. */
  readonly minute: number;
  /** `HH:MM` */
  readonly time: string;
  /** Monday is 1, Sunday is 7. */
  readonly days: readonly number[];
  readonly pattern: string;
}

/** Minutes that divide an hour: cron counts from each full hour. */
export const intervals = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];
export const dayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const shortDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

const usual: Plan = { kind: 'none', interval: 15, minute: 0, time: '02:00', days: [1, 2, 3, 4, 5], pattern: '' };

/** A flow's `schedule` as a choice. What no other kind can express is a pattern. */
export function planOf(schedule: string | undefined): Plan {
  const pattern = schedule?.trim() ?? '';
  if (pattern === '') return usual;
  const base: Plan = { ...usual, kind: 'cron', pattern };
  const fields = pattern.split(/\s+/).map((field) => (field === '?' ? '*' : field));
  if (fields.length === 6 && (fields[0] === '*' ? pattern.startsWith('?') : fields[0] === '0')) fields.shift();
  const [minute = '', hour = '', day, month, weekday = ''] = fields;
  if (fields.length !== 5 || day !== '*' || month !== '*') return base;
  const interval = Number(/^\*\/(\d+)$/.exec(minute)?.[1] ?? (minute === '*' ? 1 : 0));
  if (hour === '*' && weekday === '*' && intervals.includes(interval)) return { ...base, kind: 'minutes', interval };
  const at = numberIn(minute, 59);
  if (at === undefined) return base;
  if (hour === '*') return weekday === '*' ? { ...base, kind: 'hourly', minute: at } : base;
  const hours = numberIn(hour, 23);
  if (hours === undefined) return base;
  const time = `${twoDigits(hours)}:${twoDigits(at)}`;
  if (weekday === '*') return { ...base, kind: 'daily', time };
  const days = daysIn(weekday);
  return days ? { ...base, kind: 'weekdays', time, days } : base;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

function numberIn(text: string, max: number): number | undefined {
  return /^\d{1,2}$/.test(text) && Number(text) <= max ? Number(text) : undefined;
}

/** `1-5`, `MON,WED`, `0,6`; undefined for anything else. */
function daysIn(field: string): number[] | undefined {
  const dayOf = (text: string): number | undefined => {
    const named = shortDays.indexOf(text.toLowerCase());
    // Sunday is 0 or 7.
    return named >= 0 ? named + 1 : /^[0-7]$/.test(text) ? Number(text) || 7 : undefined;
  };
  const days = new Set<number>();
  for (const part of field.split(',')) {
    const [from, to] = part.split('-').map(dayOf);
    const last = part.includes('-') ? to : from;
    if (from === undefined || last === undefined || last < from || part.split('-').length > 2) return undefined;
    for (let day = from; day <= last; day++) days.add(day);
  }
  return [...days].sort();
}

/** The `schedule` to store; undefined for none. Presets have the original's six fields. */
export function scheduleOf({ kind, interval, minute, time, days, pattern }: Plan): string | undefined {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  switch (kind) {
    case 'none':
      return undefined;
    case 'minutes':
      return interval === 1 ? '? * * ? * *' : `? */${interval} * ? * *`;
    case 'hourly':
      return `? ${minute} * ? * *`;
    case 'daily':
      return `? ${minutes} ${hours} ? * *`;
    case 'weekdays':
      return `? ${minutes} ${hours} ? * ${days.map((day) => day % 7).join(',')}`;
    default:
      return pattern.trim();
  }
}

/** What prevents a plan from being stored, in plain words. */
export function planProblem(plan: Plan): string | undefined {
  const { kind, minute, time, days, pattern } = plan;
  if (kind === 'hourly' && !(Number.isInteger(minute) && minute >= 0 && minute <= 59)) {
    return 'The minute is a number from 0 to 59.';
  }
  if ((kind === 'daily' || kind === 'weekdays') && !/^\d\d:\d\d$/.test(time)) return 'Enter a time of day.';
  if (kind === 'weekdays' && days.length === 0) return 'Choose at least one day.';
  return kind === 'cron' ? patternProblem(pattern) : undefined;
}

const fieldNames = [
  ['minute', 'from 0 to 59'],
  ['hour', 'from 0 to 23'],
  ['day of the month', 'from 1 to 31'],
  ['month', 'from 1 to 12'],
  ['day of the week', 'from 0 (Sunday) to 6, or MON to SUN'],
] as const;

function patternProblem(pattern: string): string | undefined {
  const fields = pattern.trim().split(/\s+/);
  if (fields.length === 6) fields.shift();
  if (fields.length !== 5) {
    return 'A pattern has five parts with spaces between: minute, hour, day of the month, month, day of the week.';
  }
  for (const [index, [name, range]] of fieldNames.entries()) {
    const alone = ['*', '*', '*', '*', '*'].with(index, fields[index] ?? '');
    if (!isValid(alone.join(' '))) return `The ${name} “${fields[index]}” is not valid. It is ${range}, or *.`;
  }
  return isValid(pattern) ? undefined : 'The first of six parts is ?, or the second from 0 to 59.';
}

function isValid(pattern: string): boolean {
  try {
    cronOf(pattern, 'UTC');
    return true;
  } catch {
    return false;
  }
}

/** Six fields begin with `?`, which stands for second 0; elsewhere it means any value. @throws Error */
function cronOf(schedule: string, timezone: string): Cron {
  const fields = schedule.trim().split(/\s+/);
  if (fields.length === 6 && fields[0] === '?') fields[0] = '0';
  const pattern = fields.map((field) => (field === '?' ? '*' : field)).join(' ');
  return new Cron(pattern, { timezone, paused: true, mode: '5-or-6-parts' });
}

/** The next times at which a schedule is due. None if it is not valid, or never due. */
export function nextTimes(schedule: string, timezone: string, count: number, from = new Date()): readonly Date[] {
  try {
    return cronOf(schedule, timezone).nextRuns(count, from);
  } catch {
    return [];
  }
}

/** A flow's `schedule` in words. */
export function describeSchedule(schedule: string): string {
  const { kind, interval, minute, time, days, pattern } = planOf(schedule);
  switch (kind) {
    case 'none':
      return 'Without a schedule';
    case 'minutes':
      return interval === 1 ? 'Every minute' : `Every ${interval} minutes`;
    case 'hourly':
      return minute === 0 ? 'Every hour, on the hour' : `Every hour, at minute ${minute}`;
    case 'daily':
      return `Every day at ${time}`;
    case 'weekdays':
      return days.join() === '1,2,3,4,5'
        ? `Monday to Friday at ${time}`
        : `${days.map((day) => dayNames[day - 1]).join(', ')} at ${time}`;
    default:
      return `By the pattern ${pattern}`;
  }
}
