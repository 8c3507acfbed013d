/** Starts on a database whose schema cannot be brought up to date: refused with the cause, and nothing half done. */
import { expect, onTestFinished, test } from 'vitest';
import { Database } from '../../../src/store/postgres/database.ts';
import { stepNames } from '../../../src/store/postgres/migrations.ts';
import { inspectPostgres } from '../../../src/store/postgres/visit.ts';
import { emptyDatabase, rowsOf } from '../../support/postgres-nodes.ts';

/** Tables of the schema, without the migrator's own. */
const TABLES = `SELECT tablename FROM pg_tables WHERE schemaname = 'bulkhead' ORDER BY 1`;

async function open(url: string): Promise<Database> {
  const database = await Database.open(url);
  onTestFinished(() => database.close());
  return database;
}

/** By what stands in the way: how it comes there, what the start says, and how it goes. */
const obstacles: Readonly<Record<string, { make: string; says: RegExp; remove: string; leaves: string[] }>> = {
  'a table of the first step': {
    make: 'CREATE SCHEMA bulkhead; CREATE TABLE bulkhead.parts (mine text)',
    says: /step 0001-\S+ failed \(relation "parts" already exists\)\. Nothing was changed/,
    remove: 'DROP TABLE bulkhead.parts',
    leaves: ['parts'],
  },
  'a table of the second step': {
    make: 'CREATE SCHEMA bulkhead; CREATE TABLE bulkhead.settings (mine text)',
    says: /step 0002-\S+ failed \(relation "settings" already exists\)\. Nothing was changed/,
    remove: 'DROP TABLE bulkhead.settings',
    leaves: ['settings'],
  },
  'a sequence of the first step': {
    make: 'CREATE SCHEMA bulkhead; CREATE SEQUENCE bulkhead.revisions',
    says: /step 0001-\S+ failed \(relation "revisions" already exists\)/,
    remove: 'DROP SEQUENCE bulkhead.revisions',
    leaves: [],
  },
};

test.each(Object.entries(obstacles))('%s stands in the way', async (_, { make, says, remove, leaves }) => {
  const url = await emptyDatabase();
  await rowsOf(url, make);
  // The second waits for the first, and then finds the same.
  for (const start of await Promise.allSettled([Database.open(url), Database.open(url)])) {
    expect(start).toMatchObject({
      status: 'rejected',
      reason: { name: 'StoreError', message: expect.stringMatching(says) },
    });
  }
  expect((await rowsOf(url, TABLES)).map(({ tablename }) => tablename)).toEqual(leaves);
  await rowsOf(url, remove);
  const database = await open(url);
  expect(await database.query({ text: 'SELECT FROM bulkhead.settings' })).toEqual([]);
});

test('a user without the right to create the schema is told so, and may use one that is there', async () => {
  const url = await emptyDatabase();
  const user = `user_${url.slice(-32)}`;
  await rowsOf(url, `CREATE ROLE ${user} LOGIN PASSWORD 'secret'`);
  const mine = new URL(url);
  [mine.username, mine.password] = [user, 'secret'];
  await expect(Database.open(mine.href)).rejects.toThrow(/permission denied for database/);
  await expect(Database.open(mine.href)).rejects.not.toThrow(/secret/);
  await open(url);
  await rowsOf(url, `GRANT USAGE ON SCHEMA bulkhead TO ${user}; GRANT ALL ON ALL TABLES IN SCHEMA bulkhead TO ${user}`);
  const database = await open(mine.href);
  expect(await database.query({ text: 'SELECT FROM bulkhead.settings' })).toEqual([]);
});

test('a database that a newer version has used is refused with a plain sentence, and is as before', async () => {
  const url = await emptyDatabase();
  await (await open(url)).close();
  const steps = 'SELECT name FROM bulkhead.kysely_migration ORDER BY name';
  await rowsOf(url, `INSERT INTO bulkhead.kysely_migration VALUES ('9999-later', '2099-01-01T00:00:00.000Z')`);
  await expect(Database.open(url)).rejects.toMatchObject({
    name: 'StoreError',
    message: expect.stringMatching(/^A newer version of Bulkhead has used the database .*9999-later/),
  });
  expect((await rowsOf(url, steps)).map(({ name }) => name)).toEqual([...stepNames, '9999-later']);
  expect((await inspectPostgres(url)).schema).toMatchObject({ pending: [], unknown: ['9999-later'] });
  await rowsOf(url, `DELETE FROM bulkhead.kysely_migration WHERE name = '9999-later'`);
  await open(url);
});
