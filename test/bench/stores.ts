/**
 * Durable writes per second beside what else there is, in one run and alternating: 1.2 KB documents,
 * a thousand of them, each client writing one after the other. Prints a table; `npm run bench` calls it.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { Low } from 'lowdb';
import { JSONFile } from 'lowdb/node';
import { documentFrom } from '../../src/store/document.ts';
import { openLowdbStore } from '../../src/store/lowdb-store.ts';
import type { DocumentJson as Document } from '../../src/store/stored.ts';
import { documentOf } from '../support/documents.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string' }, rounds: { type: 'string' } } });
const SECONDS = Number(values.seconds ?? 2);
const ROUNDS = Number(values.rounds ?? 3);
const CLIENTS = [1, 32, 256];
const DOCUMENTS = 1_000;
const TEXT = 'x'.repeat(1_000);

interface Writer {
  /** Resolves when the document is as durable as this writer makes it. */
  write(document: Document): Promise<unknown>;
  close(): Promise<unknown>;
}

const writers: Record<string, (folder: string) => Promise<Writer>> = {
  async bulkhead(folder) {
    const store = await openLowdbStore(folder);
    return {
      write: (document) => store.commit(document.integration._id, () => documentFrom(document)),
      close: () => store.close(),
    };
  },

  /** One file for all, and no fsync. lowdb takes one write at a time, and the last of those that wait. */
  async 'lowdb JSONFile, not durable'(folder) {
    const database = new Low<Record<string, Document>>(new JSONFile(join(folder, 'db.json')), {});
    return {
      write(document) {
        database.data[document.integration._id] = document;
        return database.write();
      },
      close: async () => {},
    };
  },

  'node:sqlite': (folder) => sqlite(folder, 'DELETE'),
  'node:sqlite, WAL': (folder) => sqlite(folder, 'WAL'),

  /** The least that can be done: what arrives during a sync shares the next. */
  async 'raw append, grouped fdatasync'(folder) {
    const file = await open(join(folder, 'raw'), 'a');
    let waiting: { text: string; done: () => void }[] = [];
    let isWriting = false;
    const writeAll = async (): Promise<void> => {
      isWriting = true;
      while (waiting.length > 0) {
        const batch = waiting;
        waiting = [];
        await file.appendFile(batch.map(({ text }) => text).join(''));
        await file.datasync();
        for (const { done } of batch) done();
      }
      isWriting = false;
    };
    return {
      write: (document) =>
        new Promise<void>((done) => {
          waiting.push({ text: JSON.stringify(document), done });
          if (!isWriting) void writeAll();
        }),
      close: () => file.close(),
    };
  },
};

async function sqlite(folder: string, journal: string): Promise<Writer> {
  const database = new DatabaseSync(join(folder, 'documents.sqlite'));
  database.exec(`PRAGMA journal_mode = ${journal}; PRAGMA synchronous = FULL;
    CREATE TABLE documents (id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT`);
  const put = database.prepare('INSERT OR REPLACE INTO documents (id, document) VALUES (?, ?)');
  return {
    write: async (document) => put.run(document.integration._id, JSON.stringify(document)),
    close: async () => database.close(),
  };
}

async function measure(name: string, clients: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-bench-store-'));
  const writer = await (writers[name] as (folder: string) => Promise<Writer>)(folder);
  try {
    const documents = Array.from({ length: DOCUMENTS }, () => documentOf({ text: TEXT }));
    await Promise.all(documents.map((document) => writer.write(document)));
    let count = 0;
    const startedAt = performance.now();
    const endsAt = startedAt + SECONDS * 1_000;
    const client = async (first: number): Promise<void> => {
      for (let at = first; performance.now() < endsAt; at += clients) {
        const document = documents[at % DOCUMENTS] as Document;
        await writer.write({ ...document, integration: { ...document.integration, name: `n${count}` } });
        count++;
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, first) => client(first)));
    return (count / (performance.now() - startedAt)) * 1_000;
  } finally {
    await writer.close();
    await rm(folder, { recursive: true });
  }
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

const names = Object.keys(writers);
const perSecond = new Map<string, number[]>();
for (let round = 0; round < ROUNDS; round++) {
  for (const clients of CLIENTS) {
    for (const name of names) {
      const key = `${name} ${clients}`;
      perSecond.set(key, [...(perSecond.get(key) ?? []), await measure(name, clients)]);
    }
  }
}
const heads = ['writes per second · clients', ...CLIENTS.map(String)];
const rows = names.map((name) => [
  name,
  ...CLIENTS.map((clients) => Math.round(median(perSecond.get(`${name} ${clients}`) ?? [])).toString()),
]);
const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)));
const lines = [heads, ...rows].map((row) =>
  row
    .map((cell, i) => cell.padEnd(widths[i] ?? 0))
    .join('  ')
    .trimEnd(),
);
process.stdout.write(`${lines.join('\n')}\n`);
