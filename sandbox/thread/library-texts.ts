/** The guest's libraries as text. Read when the thread starts: afterwards it may read nothing any more. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const folder = new URL('../guest/libraries/', import.meta.url);

/** By name. */
export const libraryTexts: ReadonlyMap<string, string> = new Map(
  readdirSync(folder).map((file) => [basename(file, '.js'), readFileSync(new URL(file, folder), 'latin1')]),
);
