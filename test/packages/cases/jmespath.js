import jmespath from 'jmespath';
export default () => jmespath.search({ a: [{ b: 1 }, { b: 2 }] }, 'a[?b > `1`].b');
