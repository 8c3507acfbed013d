/**
 * Writes figures into docs/performance.md, between `<!-- bench:NAME -->` and `<!-- /bench -->`, with the machine that
 * printed them. Parts without such a place in the document are left out.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { callsTable } from './calls.ts';
import { type Figure, markdownOf } from './figures.ts';
import { here } from './rig.ts';

const FILE = here('../../docs/performance.md');
const tables: Readonly<Record<string, (figures: readonly Figure[]) => string>> = { calls: callsTable };

/** @param machine a sentence: cores, processor, Node, when, how long */
export async function writeDocument(figures: readonly Figure[], machine: string): Promise<void> {
  let text = await readFile(FILE, 'utf8');
  for (const [part, its] of Map.groupBy(figures, ({ part }) => part)) {
    const place = new RegExp(`(<!-- bench:${part} -->\\n).*?(<!-- /bench -->)`, 's');
    const table = (tables[part] ?? markdownOf)(its);
    text = text.replace(place, (_, start, end) => `${start}\n${table}\n\n${machine}\n\n${end}`);
  }
  await writeFile(FILE, text);
}
