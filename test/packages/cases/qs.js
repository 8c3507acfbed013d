import qs from 'qs';
export default () => [qs.parse('a[b][]=1&a[b][]=2&c=%C3%A4'), qs.stringify({ a: { b: [1, 2] } })];
