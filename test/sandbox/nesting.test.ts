import { expect, test } from 'vitest';
import { nestsDeeper } from '../../sandbox/index.ts';

test.each([
  ['[[[]]]', 3],
  ['{"a":{"b":[1,{}]}}', 4],
  ['[[],[],[[]]]', 3],
  ['"[[["', 0],
  ['{"[{\\"[[":["\\\\",[]]}', 3],
  ['{"ä[":"[\\\\\\"[["}', 1],
  ['1', 0],
])('%s nests in %i levels', (text, levels) => {
  JSON.parse(text);
  expect([nestsDeeper(text, levels), nestsDeeper(text, levels - 1)]).toEqual([false, levels > 0]);
});
