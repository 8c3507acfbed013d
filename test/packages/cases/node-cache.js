import NodeCache from 'node-cache';
export default () => {
  const cache = new NodeCache({ stdTTL: 1, checkperiod: 0 });
  cache.set('a', { b: 1 });
  return [cache.get('a'), cache.has('x'), cache.keys()];
};
