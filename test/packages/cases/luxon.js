import { DateTime, Interval } from 'luxon';
export default () => [
  DateTime.fromISO('2020-07-01T12:00:00', { zone: 'utc' }).plus({ months: 1 }).toISO(),
  Interval.fromISO('2020-01-01/2020-01-08').length('days'),
];
