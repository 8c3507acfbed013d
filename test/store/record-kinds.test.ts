/** The kinds of records are listed once. What cannot import the list agrees with it. */
import { expect, test } from 'vitest';
import { recordKinds as shownKinds } from '../../src/dashboard/api/types.ts';
import { documentProblem } from '../../src/store/document-check.ts';
import { migrateDocument } from '../../src/store/migrations.ts';
import { FORMAT, recordKinds, referenceFields } from '../../src/store/stored.ts';
import { documentOf } from '../support/documents.ts';
import { textOf } from '../support/markdown.ts';

test('the dashboard shows every kind', () => {
  expect(shownKinds).toEqual(recordKinds);
});

test('events.md names every kind, records.md every field that refers to one', () => {
  const [row = ''] = /^\| `integration.changed` .*$/m.exec(textOf('docs/events.md')) ?? [];
  for (const kind of recordKinds) expect(row).toContain(`\`${kind}\``);
  const records = textOf('docs/connectors/records.md');
  for (const field of Object.values(referenceFields)) if (field) expect(records).toContain(`\`${field}\``);
});

/** The kinds of records in each format. Add a line for a new format, and never change one. */
const kindsByFormat: Readonly<Record<number, readonly string[]>> = {
  1: ['connections', 'exports', 'imports', 'flows'],
};

test('documents of every format still open', () => {
  expect(Object.keys(kindsByFormat).map(Number)).toEqual(Array.from({ length: FORMAT }, (_, i) => i + 1));
  for (const [format, kinds] of Object.entries(kindsByFormat)) {
    const { integration, revisions, state } = documentOf();
    const records = Object.fromEntries(kinds.map((kind) => [kind, {}]));
    const document = { format: Number(format), integration, revisions, ...records, state };
    expect(documentProblem(migrateDocument(document)), `format ${format}`).toBeUndefined();
  }
});
