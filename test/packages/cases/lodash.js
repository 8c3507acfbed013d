import _ from 'lodash';
export default () => [
  _.chunk([1, 2, 3], 2),
  _.get({ a: [{ b: 1 }] }, 'a[0].b'),
  _.template('<%= a %>!')({ a: 1 }),
  _.groupBy(['a', 'bb', 'c'], 'length'),
  _.isEqual({ a: [1] }, { a: [1] }),
];
