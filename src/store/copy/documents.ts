/** Integrations with everything they contain. */
import { createHash } from 'node:crypto';
import { type Document, inChunks, textOf } from '../document.ts';
import { sortKeyOf } from '../stored.ts';
import { CopyError, type Item, type Section } from './item.ts';

export const documents: Section<Document> = {
  name: 'integrations',
  async *list({ storage }) {
    for await (const document of storage.documents.documents()) yield itemOf(document);
  },
  async write({ storage }, items) {
    await Promise.all(
      items.map(({ content }) => {
        const { _id } = content.integration.head;
        return storage.documents.commit(_id, (current) => {
          if (current) throw new CopyError('store_changed', `The integration ${_id} was created meanwhile.`);
          return content;
        });
      }),
    );
  },
};

function itemOf(content: Document): Item<Document> {
  const digest = createHash('sha256');
  let bytes = 0;
  for (const chunk of inChunks(textOf(withSortedState(content)))) {
    digest.update(chunk);
    bytes += chunk.length;
  }
  return { key: sortKeyOf(content.integration.head), digest: digest.digest('hex'), bytes, count: 1, content };
}

/** Sorts state keys, whose order means nothing: JSON files list integer keys first. */
const withSortedState = (document: Document): Document => ({
  ...document,
  state: new Map([...document.state].sort(([a], [b]) => (a < b ? -1 : 1))),
});
