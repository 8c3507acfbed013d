/** All suites. */
import type { Suite } from '../evaluate.ts';
import { encodingSuites } from './encoding.ts';
import { urlSuites } from './url.ts';

export const suites: readonly Suite[] = [...urlSuites, ...encodingSuites];
