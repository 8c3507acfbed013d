/** Migrations of documents of older formats. */
import { expect, test } from 'vitest';
import { migrateDocument, steps } from '../../src/store/migrations.ts';
import { FORMAT } from '../../src/store/store.ts';
import { documentOf } from '../support/documents.ts';

const known = {
  1: ({ name, ...rest }: Record<string, unknown>) => ({ ...rest, title: name }),
  2: (document: Record<string, unknown>) => ({ ...document, tags: [] }),
};

test('applies the steps in order, starting at the format of the document', () => {
  const newest = { format: 3, title: 'n', tags: [] };
  expect(migrateDocument({ format: 1, name: 'n' }, known, 3)).toEqual(newest);
  expect(migrateDocument({ format: 2, title: 'n' }, known, 3)).toEqual(newest);
  expect(migrateDocument(newest, known, 3)).toBe(newest);
});

test.each([null, undefined, 5, 'x', [], {}, { format: 'x' }, { format: 0 }, { format: 99 }])(
  'leaves anything but a document of a known format unchanged: %j',
  (document) => {
    expect(migrateDocument(document, known, 3)).toBe(document);
  },
);

test('every older format has a step', () => {
  expect(Object.keys(steps).map(Number)).toEqual(Array.from({ length: FORMAT - 1 }, (_, i) => i + 1));
  const document = documentOf();
  expect(migrateDocument(document)).toBe(document);
});
