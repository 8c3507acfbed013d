/** Granted permissions and retained bundles in a storage that nodes share: what one does while another has not heard of it. */
import { describe, expect, test } from 'vitest';
import type { ConnectorFiles } from '../../src/connector/bundle.ts';
import { readTarball } from '../../src/connector/folder.ts';
import { PermissionStore, PermissionStoreError } from '../../src/connector/permission-store.ts';
import type { Storage } from '../../src/store/storage.ts';
import { engines } from '../support/storages.ts';
import { packed } from '../support/tarballs.ts';

const FOLDER = 'asks';
const NARROW = ['https://a.example'];
const WIDE = [...NARROW, 'https://b.example'];

async function bundleOf(version: string, fetch: readonly string[]): Promise<ConnectorFiles> {
  const bundle = { manifest: { version }, connector: { permissions: { fetch } }, code: `exports.v = '${version}';` };
  const read = await readTarball(packed(FOLDER, bundle), FOLDER);
  if (!read.connector) throw new Error(JSON.stringify(read.reasons));
  return read;
}

/** Two that know nothing of what the other does. */
async function twoOn(storage: Storage): Promise<[PermissionStore, PermissionStore]> {
  const open = () => PermissionStore.open(storage, () => new Date());
  const stores: [PermissionStore, PermissionStore] = [await open(), await open()];
  storage.permissions.onChange = undefined;
  return stores;
}

const fetchIn = async ({ permissions }: Storage) =>
  (await permissions.all()).map(({ record }) => (record as { fetch: unknown }).fetch);

describe.each(engines)('%s', (_name, open) => {
  test('a connector that another node knows is not granted more by being new here', async () => {
    const storage = await open();
    const [one, two] = await twoOn(storage);
    await one.grant(await bundleOf('1.0.0', NARROW));
    const wide = await bundleOf('2.0.0', WIDE);
    await expect(two.grant(wide)).rejects.toBeInstanceOf(PermissionStoreError);
    expect(await fetchIn(storage)).toEqual([NARROW]);
    // Now it knows.
    expect(two.newlyRequested(wide.connector)).toEqual(['https://b.example']);
    await two.grant(await bundleOf('1.0.0', NARROW));
    // As an administrator approves it.
    await two.grant(wide);
    expect(await fetchIn(storage)).toEqual([WIDE]);
  });

  test('the last good bundle is the one that any node has retained last', async () => {
    const storage = await open();
    const [one, two] = await twoOn(storage);
    const version = async (store: PermissionStore): Promise<string | undefined> =>
      (await store.lastKnownGood({ _id: connector._id, folder: FOLDER }))?.connector.manifest.version;
    const first = await bundleOf('1.0.0', NARROW);
    const { connector } = first;
    expect(await version(two)).toBeUndefined();
    await one.grant(first);
    expect(await version(two)).toBe('1.0.0');
    await one.grant(await bundleOf('1.1.0', NARROW));
    expect(await version(two)).toBe('1.1.0');
    await one.retainOnly(() => false);
    expect(await version(two)).toBeUndefined();
    // Nothing of it is damaged.
    expect(two.problems).toEqual([]);
  });
});
