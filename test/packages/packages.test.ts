/** Some of the packages of `npm run packages`: those that other development dependencies bring along. */
import { expect, test } from 'vitest';
import { openMatrix } from './matrix.ts';

const names = [
  'ajv',
  'async',
  'crypto-keys',
  'debug',
  'events',
  'handlebars',
  'iconv-lite',
  'jsonwebtoken',
  'lodash',
  'mime-types',
  'mustache',
  'nanoid',
  'qs',
  'http-module',
];

test('packages give the same results and make the same requests as in Node', { timeout: 90_000 }, async () => {
  await using matrix = await openMatrix();
  // In one bundle: what is to be seen is that each works.
  expect((await matrix.bundle('all', names)).problem).toBe(undefined);
  for (const name of names) expect(await matrix.run('all', name)).toEqual({ name, problem: '' });
});
