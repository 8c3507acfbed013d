/** Suggestions for mistyped names. */
import { expect, test } from 'vitest';
import { closestName, didYouMean } from '../src/did-you-mean.ts';

const keys = ['title', 'install', 'settings', 'installerFunction', 'permissions', 'limits', 'timeoutMs', 'cpuMs'];

test.each([
  ['limts', 'limits'],
  ['permission', 'permissions'],
  ['tiltle', 'title'],
  ['timeout_ms', 'timeoutMs'],
  ['timeoutms', 'timeoutMs'],
  ['timeout', 'timeoutMs'],
  ['cpu', 'cpuMs'],
  ['instal', 'install'],
  ['tilte', 'title'],
  ['installFunction', 'installerFunction'],
])('%s means %s', (typed, meant) => {
  expect(closestName(typed, keys)).toBe(meant);
  expect(didYouMean(typed, keys)).toBe(`; did you mean ${meant}?`);
});

test.each([
  ['nothing', ''],
  ['a letter', 'x'],
  ['another word', 'description'],
  ['a word of similar length', 'colour'],
  ['a very long name', 'l'.repeat(100_000)],
])('%s means none of them', (_what, typed) => {
  expect(closestName(typed, keys)).toBeUndefined();
  expect(didYouMean(typed, keys)).toBe('');
});

test('letters in another order are one slip', () => {
  expect(closestName('nmae', ['mode', 'name'])).toBe('name');
});

test('neither the number nor the length of the known names makes it slow', () => {
  const many = Array.from({ length: 100_000 }, (_, i) => `${'a'.repeat(59)}${i % 10}`);
  const startedAt = performance.now();
  closestName('b'.repeat(60), [...many, 'c'.repeat(1_000_000)]);
  expect(performance.now() - startedAt).toBeLessThan(50);
});
