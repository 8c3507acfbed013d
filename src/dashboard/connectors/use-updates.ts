/** Updates integrations of one connector, one after another. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useSession } from '../app/session.ts';

export interface UpdateTarget {
  readonly _integrationId: string;
  readonly name: string;
  readonly version: string | null;
}

interface Failure {
  readonly target: UpdateTarget;
  readonly error: unknown;
}

interface Progress {
  readonly updated: ReadonlySet<string>;
  readonly failures: readonly Failure[];
  /** Undefined when nothing is running. */
  readonly current: UpdateTarget | undefined;
  readonly isStopping: boolean;
}

export interface Updates extends Omit<Progress, 'updated'> {
  /** How many were updated. */
  readonly done: number;
  readonly isRunning: boolean;
  /** Begins, or goes on with those that were not updated. */
  readonly start: () => Promise<void>;
  readonly stop: () => void;
}

const NOTHING: Progress = { updated: new Set(), failures: [], current: undefined, isStopping: false };

/** @param reload awaited before the updates count as done */
export function useUpdates(
  connectorId: string,
  targets: readonly UpdateTarget[],
  reload: () => Promise<void>,
): Updates {
  const { client } = useSession();
  const [progress, setProgress] = useState(NOTHING);
  const isStopping = useRef(false);
  // Leaving the page stops it, too.
  useEffect(
    () => () => {
      isStopping.current = true;
    },
    [],
  );
  const start = async (): Promise<void> => {
    isStopping.current = false;
    const updated = new Set(progress.updated);
    const failures: Failure[] = [];
    for (const target of targets.filter(({ _integrationId }) => !updated.has(_integrationId))) {
      if (isStopping.current) break;
      setProgress((before) => ({ ...before, updated: new Set(updated), failures: [...failures], current: target }));
      try {
        await client.put(`/connectors/${connectorId}/update`, { _integrationIds: [target._integrationId] });
        updated.add(target._integrationId);
      } catch (error) {
        failures.push({ target, error });
      }
    }
    await reload();
    setProgress({ updated, failures, current: undefined, isStopping: false });
  };
  const stop = useCallback(() => {
    isStopping.current = true;
    setProgress((before) => ({ ...before, isStopping: true }));
  }, []);
  const { updated, ...rest } = progress;
  return { ...rest, done: updated.size, isRunning: progress.current !== undefined, start, stop };
}
