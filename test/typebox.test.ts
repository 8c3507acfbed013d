/** The generated text is the one that `npm run typebox` makes of the library that is installed. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bundle } from '../src/typebox/bundle.ts';

test('typebox.js is current: npm run typebox', async () => {
  const committed = readFileSync(new URL('../src/typebox/typebox.js', import.meta.url), 'utf8');
  // Not by toEqual: nobody wants to see the difference.
  expect((await bundle()) === committed).toBe(true);
});
