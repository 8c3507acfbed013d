import moment from 'moment';
export default () => [
  moment.utc('2020-02-29T12:00:00Z').add(1, 'year').format(),
  moment.utc(0).format('LLLL'),
  moment.duration(90, 'minutes').humanize(),
  moment('nonsense', 'YYYY', true).isValid(),
];
