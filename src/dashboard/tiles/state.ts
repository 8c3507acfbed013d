/** States and outcomes as tiles show them. Pure. */
import type { Outcome, Tile } from '../api/types.ts';

export type TileState = 'install' | 'settings' | 'uninstall' | 'manual';

/** `manual`: created without a connector. */
export const stateOf = ({ _connectorId, mode }: Pick<Tile, '_connectorId' | 'mode'>): TileState =>
  _connectorId === undefined ? 'manual' : (mode ?? 'settings');

export const stateNames: Readonly<Record<TileState, string>> = {
  install: 'Needs setup',
  settings: 'Ready',
  uninstall: 'Being removed',
  manual: 'Manual',
};

export const stateTones: Readonly<Record<TileState, string>> = {
  install: 'accent',
  settings: 'good',
  uninstall: 'warn',
  manual: '',
};

export const outcomeNames: Readonly<Record<Outcome, string>> = {
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  faulted: 'Stopped',
  cut_off: 'Interrupted',
};

export const outcomeTones: Readonly<Record<Outcome, string>> = {
  running: 'accent',
  succeeded: 'good',
  failed: 'bad',
  faulted: 'bad',
  cut_off: 'warn',
};

const hasFailed = ({ lastRun }: Tile): boolean =>
  lastRun !== null && lastRun.outcome !== 'running' && lastRun.outcome !== 'succeeded';

/** Its last run failed, or a connection is offline. */
export const needsAttention = (tile: Tile): boolean => hasFailed(tile) || tile.offlineConnections.length > 0;
