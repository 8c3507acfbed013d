/** What a tile says of an integration. Pure. */
import type { Outcome, Tile } from '../api/types.ts';

export type TileState = 'install' | 'settings' | 'uninstall' | 'own';

/** `own`: made by hand, without a connector. */
export const stateOf = ({ _connectorId, mode }: Pick<Tile, '_connectorId' | 'mode'>): TileState =>
  _connectorId === undefined ? 'own' : (mode ?? 'settings');

export const stateNames: Readonly<Record<TileState, string>> = {
  install: 'Set up now',
  settings: 'Ready',
  uninstall: 'Being removed',
  own: 'Made by hand',
};

export const stateTones: Readonly<Record<TileState, string>> = {
  install: 'accent',
  settings: 'good',
  uninstall: 'warn',
  own: '',
};

export const outcomeNames: Readonly<Record<Outcome, string>> = {
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  faulted: 'Stopped',
  cut_off: 'Cut off',
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

/** Something that somebody should look at. */
export const needsAttention = (tile: Tile): boolean => hasFailed(tile) || tile.offlineConnections.length > 0;
