/** Data loaded from the server, and reloaded when an event says that it has changed. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Client } from '../api/client.ts';
import type { LiveEvent } from '../api/event-feed.ts';
import { useSession } from './session.ts';

export interface Resource<T> {
  readonly value: T | undefined;
  /** Error of the last attempt. The previous value stays. */
  readonly error: unknown;
  /** Resolves when the reload is done. */
  readonly reload: () => Promise<void>;
}

export interface ResourceOptions<T> {
  /** Identifies the data. Loads nothing while undefined. */
  readonly key: string | undefined;
  readonly load: (client: Client, signal: AbortSignal) => Promise<T>;
  readonly isAffected: (event: LiveEvent) => boolean;
  /** Minimum time between reloads, in milliseconds. */
  readonly minIntervalMs?: number;
}

/** Polling interval while there is no event stream. */
const POLL_MS = 2_000;

export function useResource<T>(options: ResourceOptions<T>): Resource<T> {
  const { client, feed } = useSession();
  const [state, setState] = useState<{ key: string | undefined; value?: T; error?: unknown }>({ key: undefined });
  const latest = useRef(options);
  latest.current = options;
  const reloadNow = useRef<() => Promise<void>>(async () => {});
  const { key } = options;

  useEffect(() => {
    if (key === undefined) return;
    const controller = new AbortController();
    let inFlight: Promise<void> | undefined;
    let isStale = false;
    let lastMs = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      const startedAt = performance.now();
      try {
        const value = await latest.current.load(client, controller.signal);
        if (!controller.signal.aborted) setState({ key, value });
      } catch (error) {
        if (!controller.signal.aborted) setState((before) => ({ ...(before.key === key ? before : { key }), error }));
      }
      lastMs = performance.now() - startedAt;
    };
    const start = (): Promise<void> => {
      clearTimeout(timer);
      timer = undefined;
      inFlight ??= read().finally(() => {
        inFlight = undefined;
        if (isStale && !controller.signal.aborted) schedule();
        isStale = false;
      });
      return inFlight;
    };
    // Slow loads are repeated less often.
    const schedule = (): void => {
      if (inFlight) isStale = true;
      else timer ??= setTimeout(() => void start(), Math.max(latest.current.minIntervalMs ?? 150, 4 * lastMs));
    };
    reloadNow.current = async () => {
      await inFlight;
      await start();
    };
    void start();
    const unsubscribe = feed.subscribe((event) => {
      if (event.type === 'reset' || latest.current.isAffected(event)) schedule();
    });
    const unwatch = feed.watch((status) => {
      if (status === 'live') schedule();
    });
    const poll = setInterval(() => {
      if (feed.status !== 'live' && !document.hidden) schedule();
    }, POLL_MS);
    return () => {
      controller.abort();
      clearTimeout(timer);
      clearInterval(poll);
      unsubscribe();
      unwatch();
    };
  }, [client, feed, key]);

  const reload = useCallback(() => reloadNow.current(), []);
  const isPresent = key !== undefined && state.key === key;
  return { value: isPresent ? state.value : undefined, error: isPresent ? state.error : undefined, reload };
}

/** Matches events about one integration, optionally by type prefix. */
export const aboutIntegration =
  (id: string, ...types: string[]) =>
  ({ type, data }: LiveEvent): boolean =>
    data._integrationId === id && (types.length === 0 || types.some((start) => type.startsWith(start)));
