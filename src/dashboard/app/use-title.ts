import { useEffect } from 'preact/hooks';

/** Sets the browser tab's title. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · Bulkhead` : 'Bulkhead';
  }, [title]);
}
