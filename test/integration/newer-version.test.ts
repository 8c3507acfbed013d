import { expect, test } from 'vitest';
import type { Connector } from '../../src/connector/bundle.ts';
import type { Integration } from '../../src/integration/integration.ts';
import { newerVersion } from '../../src/integration/newer-version.ts';

const offered = (version: string) => ({ manifest: { version } }) as Connector;

test.each([
  ['1.0.0', '1.0.1', '1.0.1'],
  ['1.9.0', '1.10.0', '1.10.0'],
  ['2.0.0-beta.2', '2.0.0-beta.11', '2.0.0-beta.11'],
  ['2.0.0-beta.11', '2.0.0', '2.0.0'],
  ['1.0.0', '1.0.0', undefined],
  ['1.0.0+one', '1.0.0+two', undefined],
  ['2.0.0', '1.9.9', undefined],
  ['2.0.0', '2.0.0-beta.1', undefined],
  ['2026.01.30', '2026.1.31', '2026.1.31'],
  ['2026.01.30', '2026.1.30', undefined],
  ['spring edition', '2.0.0', undefined],
  [undefined, '2.0.0', undefined],
])('of %s to %s: %s', (version, other, newer) => {
  expect(newerVersion({ version } as Integration, offered(other))).toBe(newer);
  expect(newerVersion({ version } as Integration, undefined)).toBeUndefined();
});
