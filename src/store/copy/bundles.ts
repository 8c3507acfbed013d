/** Tarballs of bundles, and what connectors have been granted. */
import { hash } from 'node:crypto';
import type { PermissionRecord } from '../storage.ts';
import { type Item, jsonItem, type Section } from './item.ts';

interface Bundle {
  readonly connectorId: string;
  readonly digest: string;
  readonly tarball: Buffer;
}

export const bundles: Section<Bundle> = {
  name: 'bundles',
  async *list({ storage }) {
    // Each connector's oldest bundle is written first, to preserve the order.
    const oldestFirst = (await storage.bundles.list()).reverse();
    const byConnector = [...Map.groupBy(oldestFirst, ({ connectorId }) => connectorId)];
    for (const [connectorId, all] of byConnector.sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (const [index, { digest }] of all.entries()) {
        const tarball = await storage.bundles.read(connectorId, digest);
        yield bundleItem([connectorId, String(index).padStart(8, '0')], { connectorId, digest, tarball });
      }
    }
  },
  async write({ storage }, items) {
    for (const { connectorId, digest, tarball } of items.map(({ content }) => content)) {
      await storage.bundles.write(connectorId, digest, tarball);
    }
  },
};

const bundleItem = (key: readonly string[], content: Bundle): Item<Bundle> => ({
  key,
  digest: `${content.digest} ${hash('sha256', content.tarball)}`,
  bytes: content.tarball.length,
  count: 1,
  content,
});

/** Marks that records were lost. Sorts after the records, whose keys are hexadecimal. */
const LOST = 'lost';

export const permissions: Section<PermissionRecord | typeof LOST> = {
  name: 'permissions',
  async *list({ storage }) {
    for (const { connectorId, record } of await storage.permissions.all()) {
      yield jsonItem([connectorId], recordOf(connectorId, record));
    }
    if (storage.permissions.wereLost) yield jsonItem([LOST], LOST, 0);
  },
  async write({ storage }, items) {
    for (const { content } of items) {
      await (content === LOST ? storage.permissions.markLost() : storage.permissions.put(content));
    }
  },
};

/** A damaged record stays unreadable. If it were missing, its connector would count as new and be granted everything. */
function recordOf(_id: string, record: unknown): PermissionRecord {
  const isWhole = typeof record === 'object' && record !== null && (record as { _id?: unknown })._id === _id;
  return isWhole ? (record as PermissionRecord) : { _id };
}
