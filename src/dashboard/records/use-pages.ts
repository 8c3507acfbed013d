/** A list loaded page by page on demand. A change reloads the pages shown. */
import { useState } from 'preact/hooks';
import { nextPage } from '../api/client.ts';
import type { LiveEvent } from '../api/event-feed.ts';
import { type Resource, useResource } from '../app/use-resource.ts';

/** Rows per page. */
export const PAGE_ROWS = 50;

interface Pages<T> {
  readonly rows: readonly T[];
  readonly hasMore: boolean;
}

export function usePages<T>(
  path: string,
  isAffected: (event: LiveEvent) => boolean,
): Resource<Pages<T>> & { readonly loadMore: () => void } {
  const [pages, setPages] = useState(1);
  const resource = useResource<Pages<T>>({
    key: path,
    load: async (client, signal) => {
      const rows: T[] = [];
      let next: string | undefined = path;
      for (let page = 0; page < pages && next !== undefined; page++) {
        const reply = await client.request<T[]>('GET', next, { signal });
        rows.push(...reply.body);
        next = nextPage(reply.headers.get('link'));
      }
      return { rows, hasMore: next !== undefined };
    },
    isAffected,
  });
  return {
    ...resource,
    loadMore: () => {
      setPages(pages + 1);
      // After the next render, which includes the new page.
      setTimeout(() => void resource.reload(), 0);
    },
  };
}
