import { expect, test } from 'vitest';
import { hasMoreParts, nestsDeeper, partsIn } from '../../sandbox/index.ts';

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

test.each([
  ['[[],[],[[]]]', 5],
  ['{"a" : {"b":[1,{}]},"c":"x:[{"}', 7],
  ['"[:{"', 0],
  ['{"\\":":1,"ä\\":":[]}', 4],
  ['[1,2,3]', 1],
])('%s has %i parts', (text, parts) => {
  JSON.parse(text);
  expect(hasMoreParts(text, parts)).toBe(false);
  if (parts > 0) expect(hasMoreParts(text, parts - 1)).toBe(true);
  expect([partsIn(text, 100), partsIn(text, 1)]).toEqual([parts, Math.min(parts, 2)]);
});
