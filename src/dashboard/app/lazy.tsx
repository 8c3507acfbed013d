/** Pages whose code is loaded when they are first shown, so that the first page comes fast. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ErrorNotice } from './error-notice.tsx';

/** A component that stands for another one, and loads it. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined;
  return function Lazy(props: Props) {
    const [, setIsLoaded] = useState(loaded !== undefined);
    const [error, setError] = useState<unknown>();
    useEffect(() => {
      if (loaded) return;
      let isGone = false;
      load().then(
        (component) => {
          loaded = component;
          if (!isGone) setIsLoaded(true);
        },
        (cause) => {
          if (!isGone) setError(cause);
        },
      );
      return () => {
        isGone = true;
      };
    }, []);
    const Page = loaded;
    if (Page) return <Page {...props} />;
    return error === undefined ? (
      <p role="status">Loading the page…</p>
    ) : (
      <ErrorNotice error={error} title="The page could not be loaded. Reload it in the browser." />
    );
  };
}
