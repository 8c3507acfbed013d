/** What a page shows of a list (filters, order, the open row), in the address: Back, reload and a copied link keep it. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

type Query = Readonly<Record<string, string>>;

/** The part of the address after `?`, in the fragment. */
const queryText = (): string => location.hash.split('?')[1] ?? '';

function read<Q extends Query>(defaults: Q): Q {
  const query = new URLSearchParams(queryText());
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, query.get(name) ?? value])) as Q;
}

/**
 * @param defaults all parameters of the page, with the values that the address leaves out; the same object each time
 * @returns the current values, and a function that changes some of them
 */
export function useQuery<Q extends Query>(defaults: Q): readonly [Q, (change: Partial<Q>) => void] {
  const [query, setQuery] = useState(() => read(defaults));
  const latest = useRef(query);
  latest.current = query;
  useEffect(() => {
    const onChange = (): void => setQuery(read(defaults));
    window.addEventListener('hashchange', onChange);
    return () => window.removeEventListener('hashchange', onChange);
  }, [defaults]);
  const change = useCallback(
    (change: Partial<Q>): void => {
      const next = { ...latest.current, ...change };
      latest.current = next;
      setQuery(next);
      const text = new URLSearchParams(Object.entries(next).filter(([name, value]) => value !== defaults[name]));
      const [path = '#/'] = (location.hash || '#/').split('?');
      // Not a new entry in the history: Back leaves the page, not the last letter of a search.
      history.replaceState(null, '', `${location.pathname}${location.search}${path}${text.size > 0 ? `?${text}` : ''}`);
    },
    [defaults],
  );
  return [query, change];
}
