import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { sync } from './sync.ts';

test('a connector that syncs while its tokens expire loses no request', { timeout: 60_000 }, async () => {
  const { statuses, refreshes, failedRefreshes } = await sync(await temporaryFolder(), 5, 2);
  expect(Object.keys(statuses)).toEqual(['200']);
  expect(refreshes).toBeGreaterThan(1);
  expect(failedRefreshes).toBe(0);
});
