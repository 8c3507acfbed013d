/** Patterns that a manifest requests beyond those granted. */
import { expect, test } from 'vitest';
import { isOriginPattern, uncoveredPatterns } from '../../src/broker/origin-permissions.ts';
import { ENOUGH_MS, timed } from '../support/timed.ts';

test.each<[accepted: string[], asked: string[], more: string[]]>([
  [[], [], []],
  [['https://a.example'], [], []],
  [[], ['https://a.example'], ['https://a.example']],
  [['https://a.example'], ['https://a.example', 'https://b.example'], ['https://b.example']],
  // One origin, written in several ways.
  [['https://a.example'], ['HTTPS://A.example/', 'https://a.example:443'], []],
  [['https://a.example'], ['https://b.example', 'https://b.example'], ['https://b.example']],
  // A star stands for one label, and only for one.
  [['https://*.a.example'], ['https://x.a.example', 'https://*.a.example'], []],
  [['https://*.a.example'], ['https://a.example'], ['https://a.example']],
  [['https://*.a.example'], ['https://x.y.a.example'], ['https://x.y.a.example']],
  [['https://*.a.example'], ['https://*.y.a.example'], ['https://*.y.a.example']],
  [['https://x.a.example'], ['https://*.a.example'], ['https://*.a.example']],
  [['https://*.a.example'], ['https://xa.example'], ['https://xa.example']],
  // Scheme and port are part of an origin.
  [['https://*.a.example'], ['http://x.a.example'], ['http://x.a.example']],
  [['https://*.a.example'], ['https://x.a.example:8443'], ['https://x.a.example:8443']],
  [['http://a.example:80'], ['http://a.example'], []],
  [['https://1.2.3.4'], ['https://1.2.3.5'], ['https://1.2.3.5']],
])('granted %j, requested %j: added %j', (accepted, asked, more) => {
  expect(uncoveredPatterns(accepted, asked)).toEqual(more);
});

test('a pattern may be as long as a host name, and a longer one is not parsed', () => {
  const name = `${'a'.repeat(60)}.`.repeat(4).slice(0, 253);
  expect(isOriginPattern(`https://*.${name}:65535/`)).toBe(true);
  const long = Array.from({ length: 1_000 }, (_, i) => `https://*.${`${'ü'.repeat(20)}${i}.`.repeat(80)}example`);
  expect(long.some(isOriginPattern)).toBe(false);
  expect(timed(() => uncoveredPatterns(long, long), ENOUGH_MS / 5).ms).toBeLessThan(ENOUGH_MS / 5);
});
