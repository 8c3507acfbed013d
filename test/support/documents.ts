/** Documents for the store's tests. */
import { concatPieces, type Document, documentFrom, textOf } from '../../src/store/document.ts';
import { objectIds } from '../../src/store/object-id.ts';
import type { Store } from '../../src/store/store.ts';
import { type DocumentJson, FORMAT, perRecordKind } from '../../src/store/stored.ts';

export const newId = objectIds();

/** As JSON. */
export function documentOf(fields: Record<string, string> = {}): DocumentJson {
  const _id = newId();
  const now = new Date().toISOString();
  return {
    format: FORMAT,
    integration: { _id, createdAt: now, lastModified: now, name: 'one', ...fields },
    revisions: { [_id]: 1 },
    ...perRecordKind(() => ({})),
    state: {},
  };
}

/** A document's content, for comparisons. */
export function jsonOf(document: Document): DocumentJson;
export function jsonOf(document: Document | undefined): DocumentJson | undefined;
export function jsonOf(document: Document | undefined): DocumentJson | undefined {
  return document && JSON.parse(concatPieces(textOf(document)).toString());
}

/** Every document, oldest first, as JSON. */
export async function allOf(store: Store): Promise<DocumentJson[]> {
  const documents: DocumentJson[] = [];
  for await (const document of store.documents()) documents.push(jsonOf(document));
  return documents;
}

/** Commits a document unchanged. */
export async function commitJson(store: Store, json: DocumentJson): Promise<DocumentJson | undefined> {
  return jsonOf(await store.commit(json.integration._id, () => documentFrom(json)));
}
