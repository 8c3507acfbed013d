import queryString from 'query-string';
export default () => [queryString.parse('?a=1&b=2&a=3'), queryString.stringify({ a: [1, 2], b: 'ä' })];
