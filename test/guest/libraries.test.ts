/** The generated libraries are up to date with `npm run guest`. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bundle } from '../../sandbox/guest/web/bundle.ts';
import { type LibraryName, webApis } from '../../sandbox/guest/web-apis.ts';

const folder = new URL('../../sandbox/guest/libraries/', import.meta.url);
const names = Object.keys(webApis) as LibraryName[];

test('there is one file for each library', () => {
  expect(readdirSync(folder).sort()).toEqual(names.map((name) => `${name}.js`).sort());
});

test.each(names)('%s is current: npm run guest', async (name) => {
  const committed = readFileSync(new URL(`${name}.js`, folder), 'utf8');
  // Not toEqual, which would print a huge difference.
  expect((await bundle(name)) === committed).toBe(true);
});
