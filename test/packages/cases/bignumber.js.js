import BigNumber from 'bignumber.js';
export default () => new BigNumber('123456789.123').div(7).toFixed(10);
