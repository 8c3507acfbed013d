import * as R from 'ramda';
export default () => R.pipe(R.map(R.inc), R.filter(R.gt(R.__, 2)))([1, 2, 3]);
