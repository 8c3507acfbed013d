/** Routing by the URL's fragment. */
import { useEffect, useRef, useState } from 'preact/hooks';

export const tabs = ['setup', 'settings', 'records', 'runs', 'remove'] as const;
export type Tab = (typeof tabs)[number];

export type Route =
  | { readonly page: 'tiles' }
  | { readonly page: 'connectors' }
  | { readonly page: 'tokens' }
  | { readonly page: 'audit' }
  /** Without a tab, the integration's mode decides. */
  | { readonly page: 'integration'; readonly id: string; readonly tab?: Tab }
  | { readonly page: 'unknown' };

export function parseRoute(hash: string): Route {
  const [first = '', id, tab, ...rest] = hash.replace(/^#?\/?/, '').split('/');
  if (first === '') return { page: 'tiles' };
  if ((first === 'connectors' || first === 'tokens' || first === 'audit') && id === undefined) return { page: first };
  if (first === 'integrations' && id && /^[0-9a-f]{24}$/.test(id) && rest.length === 0) {
    if (tab === undefined || tab === '') return { page: 'integration', id };
    const known = tabs.find((name) => name === tab);
    if (known) return { page: 'integration', id, tab: known };
  }
  return { page: 'unknown' };
}

export const integrationHref = (id: string, tab?: Tab): string => `#/integrations/${id}${tab ? `/${tab}` : ''}`;

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
