/** Routing by the URL's fragment. */
import { useEffect, useRef, useState } from 'preact/hooks';

export const tabs = ['setup', 'settings', 'records', 'flows', 'runs', 'remove'] as const;
export type Tab = (typeof tabs)[number];

export type Route =
  | { readonly page: 'tiles' }
  | { readonly page: 'connectors' }
  | { readonly page: 'oauth-clients' }
  | { readonly page: 'tokens' }
  | { readonly page: 'audit' }
  /** Without a tab, the integration's mode decides. */
  | {
      readonly page: 'integration';
      readonly id: string;
      readonly tab?: Tab;
      /** The connection that the user is back from its provider with. */
      readonly returnedId?: string | undefined;
      /** Of the tab `flows`: ids of a flow and a job of it. */
      readonly below?: readonly string[];
    }
  | { readonly page: 'unknown' };

const RETURNED = 'connected';
const isId = (text: string): boolean => /^[0-9a-f]{24}$/.test(text);

export function parseRoute(hash: string): Route {
  const [path = '', query] = hash.replace(/^#?\/?/, '').split('?');
  const [first = '', id, tab, ...below] = path.split('/');
  if (first === '') return { page: 'tiles' };
  const pages = ['connectors', 'oauth-clients', 'tokens', 'audit'] as const;
  const page = pages.find((name) => name === first);
  if (page !== undefined && id === undefined) return { page };
  if (first === 'integrations' && id && isId(id)) {
    if (tab === 'flows' && below.length <= 2 && below.every(isId)) return { page: 'integration', id, tab, below };
    if (below.length > 0) return { page: 'unknown' };
    if (tab === undefined || tab === '') return { page: 'integration', id };
    const known = tabs.find((name) => name === tab);
    const returnedId = new URLSearchParams(query).get(RETURNED) ?? '';
    if (known) return { page: 'integration', id, tab: known, returnedId: isId(returnedId) ? returnedId : undefined };
  }
  return { page: 'unknown' };
}

export const integrationHref = (id: string, tab?: Tab): string => `#/integrations/${id}${tab ? `/${tab}` : ''}`;

/** Where a user comes back to from the provider of a connection. */
export const returnHref = (id: string, tab: Tab, connectionId: string): string =>
  `${integrationHref(id, tab)}?${RETURNED}=${connectionId}`;

export function navigate(hash: string): void {
  location.hash = hash;
}

/** Whether leaving the page would lose changes. */
export interface LeaveGuard {
  isDirty: boolean;
}

export interface Routing {
  readonly route: Route;
  /** The user is about to leave a page with unsaved changes. */
  readonly isLeaving: boolean;
  readonly leave: () => void;
  readonly stay: () => void;
}

export function useRoute(guard: LeaveGuard): Routing {
  const [hash, setHash] = useState(location.hash);
  const [target, setTarget] = useState<string>();
  const shown = useRef(hash);
  useEffect(() => {
    const onChange = (): void => {
      if (location.hash === shown.current) return;
      if (guard.isDirty) {
        setTarget(location.hash);
        history.pushState(null, '', shown.current || '#/');
        return;
      }
      shown.current = location.hash;
      setHash(location.hash);
    };
    const onUnload = (event: BeforeUnloadEvent): void => {
      if (guard.isDirty) event.preventDefault();
    };
    window.addEventListener('hashchange', onChange);
    window.addEventListener('beforeunload', onUnload);
    // The hash may have changed since the first render.
    onChange();
    return () => {
      window.removeEventListener('hashchange', onChange);
      window.removeEventListener('beforeunload', onUnload);
    };
  }, [guard]);
  return {
    route: parseRoute(hash),
    isLeaving: target !== undefined,
    stay: () => setTarget(undefined),
    leave: () => {
      guard.isDirty = false;
      setTarget(undefined);
      if (target !== undefined) navigate(target);
    },
  };
}
