/** Compares the guest's web APIs, in a real compartment, with Node's. Every difference is listed with its reason. */
import { afterAll, expect, test } from 'vitest';
import { suites } from './cases/suites.ts';
import { compare, openGuest } from './evaluate.ts';

const guest = openGuest();
afterAll(() => guest.close());

test.each(suites.map((suite) => [suite.api, suite] as const))('%s', async (_api, suite) => {
  const { differences, total } = await compare(guest, suite);
  expect(total).toBeGreaterThan(0);
  const expected = Object.keys(suite.differs ?? {}).sort();
  expect(differences.map(({ args }) => args).sort(), JSON.stringify(differences, null, 1)).toEqual(expected);
});
