/** The integrations of each connector. */
import { useMemo } from 'preact/hooks';
import type { Tile } from '../api/types.ts';
import { useResource } from '../app/use-resource.ts';

/** By connector id. Empty while loading. */
export function useInstalls(): ReadonlyMap<string, readonly Tile[]> {
  const { value } = useResource<readonly Tile[]>({
    key: 'tiles',
    load: (client, signal) => client.list<Tile>('/tiles', undefined, signal),
    isAffected: ({ type }) => type.startsWith('integration.'),
    minIntervalMs: 400,
  });
  return useMemo(() => {
    const installed = (value ?? []).filter(({ _connectorId }) => _connectorId !== undefined);
    return Map.groupBy(installed, ({ _connectorId = '' }) => _connectorId);
  }, [value]);
}
