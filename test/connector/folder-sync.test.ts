/** A node's folder of bundles and the storage: what is read again, and what goes to the other nodes. */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FolderSync } from '../../src/connector/folder-sync.ts';
import type { SharedFolder } from '../../src/store/shared.ts';
import { temporaryFolder, writeBundle } from '../support/folders.ts';
import { packed } from '../support/tarballs.ts';

/** Shared with nobody. */
class OwnFolder implements SharedFolder {
  readonly entries = new Map<string, { hash: string; content: Buffer }>();
  writes = 0;

  async list(): Promise<{ entry: string; hash: string }[]> {
    return [...this.entries].map(([entry, { hash }]) => ({ entry, hash }));
  }
  async read(entry: string): Promise<Buffer | undefined> {
    return this.entries.get(entry)?.content;
  }
  async write(entry: string, hash: string, content: Buffer): Promise<void> {
    this.entries.set(entry, { hash, content });
    this.writes++;
  }
  async remove(entry: string): Promise<void> {
    this.entries.delete(entry);
  }
  subscribe(): void {}
}

async function synced(folder: string): Promise<{ sync: FolderSync; shared: OwnFolder }> {
  const shared = new OwnFolder();
  const stateFile = join(await temporaryFolder(), 'state.json');
  const onError = (error: unknown) => expect.fail(String(error));
  const sync = new FolderSync({ folder, shared, stateFile, onChange() {}, onError });
  onTestFinished(() => sync.close());
  await sync.start();
  return { sync, shared };
}

const CODE = `exports.utilities = {}; // ${'x'.repeat(4_000_000)}`;
/** Bytes that this process has read from files. */
const bytesRead = async (): Promise<number> =>
  Number(/^rchar: (\d+)$/m.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);

test.runIf(existsSync('/proc/self/io'))('bundles that have not changed are not read again', async () => {
  const folder = await temporaryFolder();
  for (const name of ['a', 'b']) await writeBundle(folder, name, { code: CODE });
  await writeFile(join(folder, 'c.tgz'), packed('c', { code: CODE }));
  const { sync, shared } = await synced(folder);
  expect(shared.entries.size).toBe(3);
  const reading = async (): Promise<number> => {
    const before = await bytesRead();
    await sync.sync();
    return (await bytesRead()) - before;
  };
  // Which files a folder's bundle consists of is known once it was read.
  await reading();
  expect(await reading()).toBeLessThan(CODE.length / 10);
  // The one that changed is read, and the other is not.
  await writeBundle(folder, 'b', { code: CODE.replaceAll('x', 'y') });
  const changed = await reading();
  expect(changed).toBeGreaterThan(CODE.length);
  expect(changed).toBeLessThan(3 * CODE.length);
  expect(shared.writes).toBe(4);
});

test.each<[string, (folder: string) => Promise<void>]>([
  ['code of the same length', (folder) => writeFile(join(folder, 'a', 'index.js'), 'exports.utilities = [];')],
  ['another version', (folder) => writeBundle(folder, 'a', { manifest: { version: '2.0.0' }, code: '' })],
  ['a source map that was not there', (folder) => writeFile(join(folder, 'a', 'index.js.map'), '{}')],
  ['a README that was not there', (folder) => writeFile(join(folder, 'a', 'README.md'), '# A')],
  ['a changelog that was not there', (folder) => writeFile(join(folder, 'a', 'CHANGELOG.md'), '# 1')],
  ['an image that was not there', (folder) => writeFile(join(folder, 'a', 'icon.svg'), '<svg/>')],
  [
    'a file that was put in its place',
    async (folder) => {
      await writeFile(join(folder, 'a', 'next'), 'exports.utilities = 0.;');
      await rename(join(folder, 'a', 'next'), join(folder, 'a', 'index.js'));
    },
  ],
])('%s goes to the other nodes', async (_what, change) => {
  const folder = await temporaryFolder();
  await writeBundle(folder, 'a', { code: 'exports.utilities = {};', connector: { imageURL: 'icon.svg' } });
  const { sync, shared } = await synced(folder);
  for (let n = 0; n < 3; n++) await sync.sync();
  const before = shared.entries.get('a')?.hash;
  await change(folder);
  await sync.sync();
  expect(shared.entries.get('a')?.hash).not.toBe(before);
  expect(shared.writes).toBe(2);
});
