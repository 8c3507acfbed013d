import { JSONPath } from 'jsonpath-plus';
export default () => [
  JSONPath({ path: '$..b', json: { a: [{ b: 1 }, { b: 2 }] } }),
  JSONPath({ path: '$.a[?(@.b > 1)]', json: { a: [{ b: 1 }, { b: 2 }] } }),
];
