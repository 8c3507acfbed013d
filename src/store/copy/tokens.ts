/** Access tokens, by their hashes, and the audit log. */
import type { AuditEntry } from '../audit.ts';
import type { StoredToken } from '../storage.ts';
import type { SortKey } from '../stored.ts';
import { jsonItem, type Section } from './item.ts';

const PAGE_ROWS = 500;

export const accessTokens: Section<StoredToken> = {
  name: 'accessTokens',
  async *list({ storage }) {
    const sortKeyOf = ({ record }: StoredToken): SortKey => [record.createdAt, record._id];
    for await (const token of pagesOf((after) => storage.accessTokens.list(after, PAGE_ROWS), sortKeyOf)) {
      yield jsonItem(sortKeyOf(token), token);
    }
  },
  async write({ storage }, items) {
    await storage.accessTokens.add(items.map(({ content }) => content));
  },
};

export const audit: Section<AuditEntry> = {
  name: 'audit',
  async *list({ storage }) {
    const sortKeyOf = ({ time, _id }: AuditEntry): SortKey => [time, _id];
    for await (const entry of pagesOf((after) => storage.audit.list({ after, limit: PAGE_ROWS }), sortKeyOf)) {
      yield jsonItem(sortKeyOf(entry), entry);
    }
  },
  async write({ storage }, items) {
    await storage.audit.add(items.map(({ content }) => content));
  },
};

async function* pagesOf<T>(
  load: (after: SortKey | undefined) => Promise<readonly T[]>,
  sortKeyOf: (item: T) => SortKey,
): AsyncGenerator<T> {
  let last: T | undefined;
  for (;;) {
    const page: readonly T[] = await load(last && sortKeyOf(last));
    yield* page;
    last = page.at(-1);
    if (page.length < PAGE_ROWS) return;
  }
}
