/** A file for the replies that is none: set aside, whatever it is. */
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { ReplyLedger } from '../../src/store/reply-ledger.ts';
import { temporaryFolder } from '../support/folders.ts';

test.each<[string, (file: string) => Promise<unknown>]>([
  ['garbled', (file) => writeFile(file, 'nothing of the kind '.repeat(1_000))],
  ['a directory', (file) => mkdir(file)],
  [
    'of another shape',
    async (file) => {
      const database = new DatabaseSync(file);
      database.exec('CREATE TABLE replies (other TEXT)');
      database.close();
    },
  ],
])('one that is %s', async (_what, damage) => {
  const folder = await temporaryFolder();
  const file = join(folder, 'replies.sqlite');
  await damage(file);
  const told: string[] = [];
  const ledger = new ReplyLedger(file, { now: Date.now, onDamage: (message) => told.push(message) });
  expect(ledger.unfinished()).toEqual([]);
  ledger.close();
  expect(told).toEqual([expect.stringContaining('set aside')]);
  expect(await readdir(folder)).toContainEqual(expect.stringMatching(/^replies\.sqlite\..*\.damaged$/));
});

test('the log of a damaged one is set aside with it', async () => {
  const folder = await temporaryFolder();
  const [killed, file] = [join(folder, 'killed.sqlite'), join(folder, 'replies.sqlite')];
  const options = { now: Date.now, onDamage: () => {} };
  const before = new ReplyLedger(killed, options);
  before.begin('key', { request: 'r', making: { kind: 'integrations', id: 'a', status: 201 } });
  await copyFile(`${killed}-wal`, `${file}-wal`);
  before.close();
  await mkdir(file);
  const ledger = new ReplyLedger(file, options);
  expect(ledger.find('key')).toBeUndefined();
  ledger.close();
  expect(await readdir(folder)).toContainEqual(expect.stringMatching(/^replies\.sqlite-wal\..*\.damaged$/));
});
