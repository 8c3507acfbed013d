/** An action started by a button: one run at a time, with its error. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Action<A extends readonly unknown[]> {
  /** Resolves to whether it succeeded. Does nothing while already running. */
  readonly run: (...args: A) => Promise<boolean>;
  /** Like `run`, but rejects with the error. */
  readonly runOrThrow: (...args: A) => Promise<void>;
  readonly isRunning: boolean;
  /** Error of the last run. */
  readonly error: unknown;
  readonly clearError: () => void;
}

export function useAction<A extends readonly unknown[]>(work: (...args: A) => Promise<unknown>): Action<A> {
  const [state, setState] = useState<{ isRunning: boolean; error?: unknown }>({ isRunning: false });
  const isRunning = useRef(false);
  const isMounted = useRef(true);
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
    };
  }, []);
  const runOrThrow = useCallback(async (...args: A) => {
    if (isRunning.current) return;
    isRunning.current = true;
    setState({ isRunning: true });
    let error: unknown;
    try {
      await latest.current(...args);
    } catch (thrown) {
      error = thrown ?? new Error('unknown');
    }
    isRunning.current = false;
    if (isMounted.current) setState({ isRunning: false, error });
    if (error !== undefined) throw error;
  }, []);
  const run = useCallback(
    async (...args: A) => {
      if (isRunning.current) return false;
      return runOrThrow(...args).then(
        () => true,
        () => false,
      );
    },
    [runOrThrow],
  );
  const clearError = useCallback(() => setState((before) => ({ isRunning: before.isRunning })), []);
  return { run, runOrThrow, ...state, error: state.error, clearError };
}
