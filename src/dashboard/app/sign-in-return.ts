/** The connection that the user is back from its provider with, until a page has dealt with it. */
import { createContext } from 'preact';
import { useContext, useEffect, useMemo } from 'preact/hooks';

export interface SignInReturn {
  connectionId: string | undefined;
}

export const SignInReturnContext = createContext<SignInReturn>({ connectionId: undefined });
export const useSignInReturn = (): SignInReturn => useContext(SignInReturnContext);

/** Takes the id out of the address, so that reloading the page does not repeat what follows. */
export function useSignInReturnFrom(connectionId: string | undefined): SignInReturn {
  useEffect(() => {
    if (connectionId === undefined) return;
    const [withoutQuery = '#/'] = location.hash.split('?');
    history.replaceState(null, '', `${location.pathname}${location.search}${withoutQuery}`);
  }, []);
  return useMemo(() => ({ connectionId }), []);
}
