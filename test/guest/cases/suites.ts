/** All suites. */
import type { Suite } from '../evaluate.ts';
import { encodingSuites } from './encoding.ts';
import { fetchSuites } from './fetch.ts';
import { objectSuites } from './objects.ts';
import { streamSuites } from './streams.ts';
import { subtleSuites } from './subtle.ts';
import { urlSuites } from './url.ts';

export const suites: readonly Suite[] = [
  ...urlSuites,
  ...encodingSuites,
  ...objectSuites,
  ...subtleSuites,
  ...streamSuites,
  ...fetchSuites,
];
