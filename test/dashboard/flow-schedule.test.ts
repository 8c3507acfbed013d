/** Schedules of flows in the dashboard: what it stores, says and foretells is what the runtime does. */
import { describe, expect, test } from 'vitest';
import { median } from '../../src/dashboard/app/median.ts';
import {
  describeSchedule,
  intervals,
  nextTimes,
  type Plan,
  planOf,
  planProblem,
  scheduleOf,
} from '../../src/dashboard/flows/schedule.ts';
import { cronOf } from '../../src/record/schedule.ts';

const base = planOf(undefined);
const plans: readonly Partial<Plan>[] = [
  ...intervals.map((interval) => ({ kind: 'minutes', interval }) as const),
  { kind: 'hourly', minute: 0 },
  { kind: 'hourly', minute: 59 },
  { kind: 'daily', time: '00:00' },
  { kind: 'daily', time: '23:05' },
  { kind: 'weekdays', time: '07:30', days: [1, 2, 3, 4, 5] },
  { kind: 'weekdays', time: '07:30', days: [6, 7] },
  { kind: 'cron', pattern: '0 2 1 * *' },
];

test.each(plans)('%o is stored and read again, and due when the runtime starts it', (part) => {
  const plan = { ...base, ...part };
  const schedule = scheduleOf(plan) as string;
  expect(planProblem(plan)).toBeUndefined();
  expect(planOf(schedule)).toMatchObject(part);
  const from = new Date('2026-10-24T12:00:00Z');
  for (const zone of ['UTC', 'Europe/Berlin', 'Asia/Kathmandu']) {
    const times = nextTimes(schedule, zone, 5, from);
    expect(times).toHaveLength(5);
    expect(times).toEqual(cronOf(schedule, zone).nextRuns(5, from));
  }
});

test.each([
  ['? 0 2 ? * *', 'Every day at 02:00'],
  ['0 2 * * *', 'Every day at 02:00'],
  ['0 0 2 * * *', 'Every day at 02:00'],
  ['? * * ? * *', 'Every minute'],
  ['*/15 * * * *', 'Every 15 minutes'],
  ['? 5 * ? * *', 'Every hour, at minute 5'],
  ['30 6 * * MON-FRI', 'Monday to Friday at 06:30'],
  ['30 6 * * 0,6', 'Saturday, Sunday at 06:30'],
  ['*/7 * * * *', 'By the pattern */7 * * * *'],
  ['30 0 2 * * *', 'By the pattern 30 0 2 * * *'],
  ['* 0 2 * * *', 'By the pattern * 0 2 * * *'],
  ['0 2 31 2 *', 'By the pattern 0 2 31 2 *'],
  ['0 2 * * 5-1', 'By the pattern 0 2 * * 5-1'],
  [' ', 'Without a schedule'],
])('%s: %s', (schedule, words) => expect(describeSchedule(schedule)).toBe(words));

describe('what cannot be stored is said in plain words', () => {
  test.each([
    [{ kind: 'cron', pattern: '0 99 * * *' }, 'The hour “99” is not valid. It is from 0 to 23, or *.'],
    [{ kind: 'cron', pattern: '? 0 2 ? * FUNDAY' }, 'The day of the week “FUNDAY” is not valid.'],
    [{ kind: 'cron', pattern: 'x 0 2 * * *' }, 'The first of six parts'],
    [{ kind: 'cron', pattern: 'daily' }, 'A pattern has five parts'],
    [{ kind: 'hourly', minute: Number.NaN }, 'The minute is a number from 0 to 59.'],
    [{ kind: 'weekdays', days: [] }, 'Choose at least one day.'],
    [{ kind: 'daily', time: '' }, 'Enter a time of day.'],
  ] as const)('%o', (part, words) => {
    const plan = { ...base, ...part };
    expect(planProblem(plan)).toContain(words);
    if (part.kind === 'cron') expect(() => cronOf(part.pattern, 'UTC')).toThrow();
  });
});

test('a schedule that is never due has no next times', () => {
  expect(nextTimes('0 2 31 2 *', 'UTC', 5)).toEqual([]);
});

test('the median is the middle, or the mean of the middle two', () => {
  expect([[], [4], [10, 2], [9, 1, 5], [4, 1, 2, 100]].map(median)).toEqual([undefined, 4, 6, 5, 3]);
});
