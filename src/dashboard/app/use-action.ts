/** Something that a button starts: once at a time, with its error. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Action<A extends readonly unknown[]> {
  /** Resolves to whether it went well. A second call while the first goes on does nothing. */
  readonly run: (...args: A) => Promise<boolean>;
  /** The same, but rejects with what was thrown. */
  readonly attempt: (...args: A) => Promise<void>;
  readonly isGoing: boolean;
  /** Of the last time. */
  readonly error: unknown;
  readonly clear: () => void;
}

export function useAction<A extends readonly unknown[]>(work: (...args: A) => Promise<unknown>): Action<A> {
  const [state, setState] = useState<{ isGoing: boolean; error?: unknown }>({ isGoing: false });
  const isGoing = useRef(false);
  const isMounted = useRef(true);
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
    };
  }, []);
  const attempt = useCallback(async (...args: A) => {
    if (isGoing.current) return;
    isGoing.current = true;
    setState({ isGoing: true });
    let error: unknown;
    try {
      await latest.current(...args);
    } catch (thrown) {
      error = thrown ?? new Error('unknown');
    }
    isGoing.current = false;
    if (isMounted.current) setState({ isGoing: false, error });
    if (error !== undefined) throw error;
  }, []);
  const run = useCallback(
    async (...args: A) => {
      if (isGoing.current) return false;
      return attempt(...args).then(
        () => true,
        () => false,
      );
    },
    [attempt],
  );
  const clear = useCallback(() => setState((before) => ({ isGoing: before.isGoing })), []);
  return { run, attempt, ...state, error: state.error, clear };
}
