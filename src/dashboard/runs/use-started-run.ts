/** Finds the run that our call started. An event delivers its id before the reply arrives. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LiveEvent } from '../api/event-feed.ts';
import { asString } from '../api/json.ts';
import { useSession } from '../app/session.ts';

export interface RunRef {
  readonly integrationId: string;
  readonly runId: string;
}

/** @returns undefined until the run is known */
export function useStartedRun(isWaiting: boolean, matches: (event: LiveEvent) => boolean): RunRef | undefined {
  const { feed } = useSession();
  const [run, setRun] = useState<RunRef>();
  const latest = useRef(matches);
  latest.current = matches;
  // Subscribe before the server can respond; a plain effect would run only after painting.
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
