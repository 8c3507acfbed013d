/** The guest's libraries as text. Read when the thread starts: later it may not read files any more. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const folder = new URL('../guest/libraries/', import.meta.url);

/** By library name. */
export const libraryTexts: ReadonlyMap<string, string> = new Map(
  readdirSync(folder).map((file) => [basename(file, '.js'), readFileSync(new URL(file, folder), 'latin1')]),
);
