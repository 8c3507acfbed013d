/** The commit log after complete, truncated, corrupt and refused writes. */
import { randomBytes } from 'node:crypto';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CommitLog, type LogEntry, readLog } from '../../src/store/commit-log.ts';
import { newId } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';

const entryOf = (text: string): LogEntry => ({ integrationId: newId(), text: Buffer.from(text) });

async function newLog(): Promise<CommitLog> {
  const folder = await temporaryFolder();
  const log = await CommitLog.create(folder, join(folder, 'log'));
  onTestFinished(() => log.close());
  return log;
}

test('entries are read back in order: long ones, empty ones, simultaneous ones', async () => {
  const log = await newLog();
  const entries = ['{}', '', 'ü'.repeat(100_000), ...Array.from({ length: 500 }, (_, i) => `${i}`)].map(entryOf);
  const [first, ...rest] = entries as [LogEntry, ...LogEntry[]];
  await log.append(first);
  await Promise.all(rest.map((entry) => log.append(entry)));
  expect(await readLog(log.path)).toEqual(entries);
  expect((await readFile(log.path)).length).toBe(log.bytes);
});

test('entries can be appended while others are acknowledged', async () => {
  const log = await newLog();
  const chain = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await log.append(entryOf(`${i}`));
  };
  await Promise.all([chain(50), chain(50), chain(50)]);
  expect(await readLog(log.path)).toHaveLength(150);
});

test('a log truncated anywhere has the entries before the cut', async () => {
  const log = await newLog();
  const entries = ['one', 'two', 'three'].map(entryOf);
  const ends = [0];
  for (const entry of entries) {
    await log.append(entry);
    ends.push(log.bytes);
  }
  for (let bytes = log.bytes - 1; bytes >= 0; bytes--) {
    await truncate(log.path, bytes);
    const whole = ends.filter((end) => end <= bytes).length - 1;
    expect(await readLog(log.path), `${bytes} bytes`).toEqual(entries.slice(0, whole));
  }
});

test('neither an entry with a flipped bit nor anything after it is read', async () => {
  const log = await newLog();
  const entries = ['one', 'two', 'three'].map(entryOf);
  await log.append(entries[0] as LogEntry);
  const at = log.bytes;
  for (const entry of entries.slice(1)) await log.append(entry);
  const whole = await readFile(log.path);
  for (let byte = at; byte < at + 24; byte++) {
    const bytes = Buffer.from(whole);
    bytes[byte] = (bytes[byte] as number) ^ 0x10;
    await writeFile(log.path, bytes);
    expect(await readLog(log.path), `byte ${byte}`).toEqual(entries.slice(0, 1));
  }
});

test('bytes after the last entry are ignored', async () => {
  const log = await newLog();
  await log.append(entryOf('one'));
  const whole = await readFile(log.path);
  for (const rest of [Buffer.alloc(200), Buffer.alloc(200, 0xff), randomBytes(200), whole]) {
    await writeFile(log.path, Buffer.concat([whole, rest]));
    expect(await readLog(log.path)).toHaveLength(1);
  }
});
