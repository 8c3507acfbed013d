/** When flows are due: cron in time zones, over changes of daylight saving time and leap days. */
import { describe, expect, test } from 'vitest';
import { cronOf, lastDue, scheduleProblems, schedulesOf } from '../../src/record/schedule.ts';

const dueAfter = (schedule: string, timezone: string | undefined, from: string, count: number): string[] =>
  cronOf(schedule, timezone)
    .nextRuns(count, new Date(from))
    .map((date) => date.toISOString());

describe('the next times', () => {
  test.each([
    ['five fields', '30 4 * * *', undefined, ['2026-03-27T04:30:00.000Z', '2026-03-28T04:30:00.000Z']],
    ["the original's six fields", '? 0 2 ? * *', undefined, ['2026-03-27T02:00:00.000Z', '2026-03-28T02:00:00.000Z']],
    ['lists of hours', '? 5 6,18 ? * *', undefined, ['2026-03-27T06:05:00.000Z', '2026-03-27T18:05:00.000Z']],
    ['days of the week', '? 0 2 ? * 1', undefined, ['2026-03-30T02:00:00.000Z', '2026-04-06T02:00:00.000Z']],
    ['a time zone', '0 9 * * *', 'America/New_York', ['2026-03-27T13:00:00.000Z', '2026-03-28T13:00:00.000Z']],
  ])('%s', (_, schedule, timezone, expected) => {
    expect(dueAfter(schedule, timezone, '2026-03-26T20:00:00Z', 2)).toEqual(expected);
  });

  test('a time that is skipped in spring is due once, an hour later', () => {
    expect(dueAfter('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  test('a time that comes twice in autumn is due once', () => {
    expect(dueAfter('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  test('every quarter of an hour goes on through both', () => {
    const quarters = (from: string) => dueAfter('*/15 * * * *', 'Europe/Berlin', from, 12);
    for (const from of ['2026-03-28T23:50:00Z', '2026-10-24T23:50:00Z']) {
      const times = quarters(from).map((time) => Date.parse(time));
      expect(new Set(times.slice(1).map((time, index) => time - (times[index] as number)))).toEqual(new Set([900_000]));
    }
  });

  test('29 February comes in leap years', () => {
    expect(dueAfter('0 0 29 2 *', undefined, '2026-01-01T00:00:00Z', 2)).toEqual([
      '2028-02-29T00:00:00.000Z',
      '2032-02-29T00:00:00.000Z',
    ]);
  });
});

test('the last time is now itself, if it is due now', () => {
  const daily = { schedule: '0 0 * * *' };
  expect(lastDue(daily, new Date('2026-05-05T00:00:00.000Z'))?.toISOString()).toBe('2026-05-05T00:00:00.000Z');
  expect(lastDue(daily, new Date('2026-05-05T23:59:59.000Z'))?.toISOString()).toBe('2026-05-05T00:00:00.000Z');
});

test('a flow has its own schedule and those of its exports, unless it is disabled', () => {
  const flow = {
    schedule: '0 1 * * *',
    timezone: 'Europe/Berlin',
    pageGenerators: [{ schedule: '0 2 * * *' }, {}, null],
  };
  expect(schedulesOf(flow)).toEqual([
    { schedule: '0 1 * * *', timezone: 'Europe/Berlin' },
    { schedule: '0 2 * * *', timezone: 'Europe/Berlin' },
  ]);
  expect(schedulesOf({ ...flow, disabled: true })).toEqual([]);
  expect(schedulesOf({ schedule: ' ', pageGenerators: 7 })).toEqual([]);
});

describe('refuses', () => {
  test.each([
    ['no fields', { schedule: 'daily' }, 'schedule'],
    ['a field out of range', { schedule: '61 * * * *' }, 'schedule'],
    ['a field of a year', { schedule: '0 0 2 * * * 2030' }, 'schedule'],
    ['a very long text', { schedule: `${'1,'.repeat(500)}1 * * * *` }, 'schedule'],
    ['a zone that does not exist', { schedule: '0 2 * * *', timezone: 'Europe/Atlantis' }, 'timezone'],
    ['an address as a schedule', { schedule: '2030-01-01T00:00:00 a b c d' }, 'schedule'],
  ])('%s', (_, flow, field) => {
    expect(scheduleProblems(flow).map((problem) => [problem.code, problem.field])).toEqual([['invalid_field', field]]);
  });

  test('not what is valid', () => {
    expect(scheduleProblems({ schedule: '? 0 2 ? * *', timezone: 'Asia/Kathmandu' })).toEqual([]);
    expect(scheduleProblems({})).toEqual([]);
  });
});
