/** Which run a call of ours has started: its id is told by an event before the reply comes. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LiveEvent } from '../api/event-feed.ts';
import { textOf } from '../api/json.ts';
import { useSession } from '../app/session.ts';

export interface RunAddress {
  readonly integrationId: string;
  readonly runId: string;
}

/** @returns nothing until it is known */
export function useStartedRun(isGoing: boolean, isOurs: (event: LiveEvent) => boolean): RunAddress | undefined {
  const { feed } = useSession();
  const [run, setRun] = useState<RunAddress>();
  const latest = useRef(isOurs);
  latest.current = isOurs;
  // Before anything can come back from the server: an effect would wait until the page has been drawn.
  useLayoutEffect(() => {
    if (!isGoing) return setRun(undefined);
    return feed.subscribe((event) => {
      if (event.type !== 'run.started' || !latest.current(event)) return;
      const [integrationId, runId] = [textOf(event.data._integrationId), textOf(event.data.runId)];
      if (integrationId !== undefined && runId !== undefined) setRun({ integrationId, runId });
    });
  }, [feed, isGoing]);
  return run;
}
