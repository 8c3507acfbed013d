/** `npm run pictures` works with the dashboard as it is. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { fileOf, pictures, schemes } from './pictures/list.ts';
import { takePictures } from './pictures/take.ts';

const LONG_MS = 120_000;
/** A page without content has a tenth of it. */
const BYTES_MIN = 20_000;
const BYTES_MAX = 100_000;

test('the pictures are taken, in light and dark', { timeout: LONG_MS }, async () => {
  const folder = await temporaryFolder();
  await takePictures(folder);
  for (const { name } of pictures) {
    const [light, dark] = await Promise.all(schemes.map((scheme) => readFile(join(folder, fileOf(name, scheme)))));
    for (const bytes of [light, dark]) {
      expect(bytes?.subarray(8, 12).toString(), name).toBe('WEBP');
      expect(bytes?.length, name).toBeGreaterThan(BYTES_MIN);
      expect(bytes?.length, name).toBeLessThan(BYTES_MAX);
    }
    expect(light?.equals(dark as Buffer), name).toBe(false);
  }
});
