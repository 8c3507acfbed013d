/** Documents for the store's tests. */
import { objectIds } from '../../src/store/object-id.ts';
import type { Document, Store } from '../../src/store/store.ts';

export const newId = objectIds();

export function documentOf(fields: Record<string, string> = {}): Document {
  const _id = newId();
  const now = new Date().toISOString();
  return {
    format: 1,
    integration: { _id, createdAt: now, lastModified: now, name: 'one', ...fields },
    revisions: { [_id]: 1 },
    connections: {},
    exports: {},
    imports: {},
    flows: {},
    state: {},
  };
}

/** Every document, oldest first. */
export async function allOf(store: Store): Promise<Document[]> {
  const documents: Document[] = [];
  for await (const document of store.documents()) documents.push(document);
  return documents;
}
