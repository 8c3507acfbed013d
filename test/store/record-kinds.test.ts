/** The kinds of records are listed once. What cannot import the list agrees with it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordKinds as shownKinds } from '../../src/dashboard/api/types.ts';
import { CommitLog } from '../../src/store/commit-log.ts';
import { openLowdbStore } from '../../src/store/lowdb-store.ts';
import { FORMAT, recordKinds, referenceFields } from '../../src/store/stored.ts';
import { documentOf } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';
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

test('documents of every format still open, and changes in the log still apply', async () => {
  expect(Object.keys(kindsByFormat).map(Number)).toEqual(Array.from({ length: FORMAT }, (_, i) => i + 1));
  for (const [format, kinds] of Object.entries(kindsByFormat)) {
    const { integration, revisions, state } = documentOf();
    const records = Object.fromEntries(kinds.map((kind) => [kind, {}]));
    const document = { format: Number(format), integration, revisions, ...records, state };
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'integrations'));
    await writeFile(join(folder, 'integrations', `${integration._id}.json`), JSON.stringify(document));
    const log = await CommitLog.create(folder, join(folder, 'commits-1.log'));
    const change = { ...document, state: { key: 1 }, isChange: true, removed: {}, keepsSettings: false };
    await log.append({ integrationId: integration._id, text: Buffer.from(JSON.stringify(change)) });
    await log.close();
    const store = await openLowdbStore(folder);
    expect(store.problems, `format ${format}`).toEqual([]);
    expect((await store.get(integration._id))?.state.get('key')?.value).toBe(1);
    await store.close();
  }
});
