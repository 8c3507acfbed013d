/** Follows the URL's fragment from page to page. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { parseRoute, type Route } from './address.ts';

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
