/** Documents of older formats, one step at a time. */
import { expect, test } from 'vitest';
import { migrateDocument, steps } from '../../src/store/migrations.ts';
import { FORMAT } from '../../src/store/store.ts';
import { documentOf } from '../support/documents.ts';

const known = {
  1: ({ name, ...rest }: Record<string, unknown>) => ({ ...rest, title: name }),
  2: (document: Record<string, unknown>) => ({ ...document, tags: [] }),
};

test('each step is taken in its turn, from whatever format a document has', () => {
  const newest = { format: 3, title: 'n', tags: [] };
  expect(migrateDocument({ format: 1, name: 'n' }, known, 3)).toEqual(newest);
  expect(migrateDocument({ format: 2, title: 'n' }, known, 3)).toEqual(newest);
  expect(migrateDocument(newest, known, 3)).toBe(newest);
});

test.each([null, undefined, 5, 'x', [], {}, { format: 'x' }, { format: 0 }, { format: 99 }])(
  'what is no document of a known format stays as it is: %j',
  (document) => {
    expect(migrateDocument(document, known, 3)).toBe(document);
  },
);

test('every older format has its step', () => {
  expect(Object.keys(steps).map(Number)).toEqual(Array.from({ length: FORMAT - 1 }, (_, i) => i + 1));
  const document = documentOf();
  expect(migrateDocument(document)).toBe(document);
});
