import moment from 'moment-timezone';
export default () => [
  moment.tz('2020-07-01T12:00:00', 'Europe/Berlin').utc().format(),
  moment.utc(0).tz('America/New_York').format('z'),
];
