import { LRUCache } from 'lru-cache';
export default () => {
  const cache = new LRUCache({ max: 2 });
  for (const n of [1, 2, 3]) cache.set(n, n);
  return [...cache.keys()];
};
