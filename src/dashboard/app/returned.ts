/** The connection that the user is back from its provider with, until a page has dealt with it. */
import { createContext } from 'preact';
import { useContext, useEffect, useMemo } from 'preact/hooks';

export interface Returned {
  connectionId: string | undefined;
}

export const ReturnedContext = createContext<Returned>({ connectionId: undefined });
export const useReturned = (): Returned => useContext(ReturnedContext);

/** Takes the id out of the address, so that reloading the page does not repeat what follows. */
export function useReturnedFrom(connectionId: string | undefined): Returned {
  useEffect(() => {
    if (connectionId === undefined) return;
    const [withoutQuery = '#/'] = location.hash.split('?');
    history.replaceState(null, '', `${location.pathname}${location.search}${withoutQuery}`);
  }, []);
  return useMemo(() => ({ connectionId }), []);
}
