/** Which run a call of ours has started: its id is told by an event before the reply comes. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LiveEvent } from '../api/event-feed.ts';
import { asString } from '../api/json.ts';
import { useSession } from '../app/session.ts';

export interface RunRef {
  readonly integrationId: string;
  readonly runId: string;
}

/** @returns nothing until it is known */
export function useStartedRun(isWaiting: boolean, matches: (event: LiveEvent) => boolean): RunRef | undefined {
  const { feed } = useSession();
  const [run, setRun] = useState<RunRef>();
  const latest = useRef(matches);
  latest.current = matches;
  // Before anything can come back from the server: an effect would wait until the page has been drawn.
  useLayoutEffect(() => {
    if (!isWaiting) return setRun(undefined);
    return feed.subscribe((event) => {
      if (event.type !== 'run.started' || !latest.current(event)) return;
      const [integrationId, runId] = [asString(event.data._integrationId), asString(event.data.runId)];
      if (integrationId !== undefined && runId !== undefined) setRun({ integrationId, runId });
    });
  }, [feed, isWaiting]);
  return run;
}
