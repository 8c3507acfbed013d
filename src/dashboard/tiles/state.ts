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

export const hasFailed = ({ lastRun }: Pick<Tile, 'lastRun'>): boolean =>
  lastRun !== null && lastRun.outcome !== 'running' && lastRun.outcome !== 'succeeded';

export const isRunning = ({ lastRun, updateInProgress }: Pick<Tile, 'lastRun' | 'updateInProgress'>): boolean =>
  lastRun?.outcome === 'running' || updateInProgress === true;

/** Its last run failed, or a connection is offline. */
export const needsAttention = (tile: Tile): boolean => hasFailed(tile) || tile.offlineConnections.length > 0;

/** Beside the states of an integration, what the filter offers. */
export const conditionNames = {
  attention: 'Needs attention',
  running: 'Working now',
  failed: 'Last run failed',
  offline: 'Connection offline',
  update: 'Update available',
} as const;

const conditions: Readonly<Record<keyof typeof conditionNames, (tile: Tile) => boolean>> = {
  attention: needsAttention,
  running: isRunning,
  failed: hasFailed,
  offline: ({ offlineConnections }) => offlineConnections.length > 0,
  update: ({ update }) => update !== undefined,
};

/** @param state of an integration, or a condition; '' for all */
export function isInState(tile: Tile, state: string): boolean {
  if (state === '') return true;
  return Object.hasOwn(conditions, state)
    ? conditions[state as keyof typeof conditions](tile)
    : stateOf(tile) === state;
}

/** The last run in plain words. */
export const lastRunNames: Readonly<Record<Outcome, string>> = {
  running: 'Working since',
  succeeded: 'Last run succeeded',
  failed: 'Last run failed',
  faulted: 'Last run was stopped',
  cut_off: 'Last run was interrupted',
};
