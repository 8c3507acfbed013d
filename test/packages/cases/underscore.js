import _ from 'underscore';
export default () => [_.pluck([{ a: 1 }], 'a'), _.uniq([1, 1, 2]), _.template('<%- a %>')({ a: '<' })];
