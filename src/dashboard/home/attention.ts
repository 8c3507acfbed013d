/** What needs the user: a sentence each, with the one next action. Pure. */
import type { Connector, Health, Job, Tile } from '../api/types.ts';
import { connectorHref, integrationHref, runHref, serverHref } from '../app/address.ts';
import { pluralize } from '../app/format.ts';
import { jobHref } from '../flows/flow-href.ts';
import { failedJobs } from '../flows/latest-jobs.ts';
import { hasFailed } from '../tiles/state.ts';

export interface Notice {
  readonly key: string;
  readonly tone: 'bad' | 'warn' | 'accent';
  /** The subject of the sentence: a name. */
  readonly name: string;
  readonly tag?: string | undefined;
  /** The rest of the sentence, without its full stop. */
  readonly text: string;
  /** When it happened. ISO 8601. */
  readonly at?: string | undefined;
  readonly action: string;
  readonly href: string;
}

/** Notices of one kind. */
export interface NoticeGroup {
  readonly key: string;
  readonly notices: readonly Notice[];
  /** Lists all of the kind. */
  readonly allHref: string;
}

export interface Facts {
  readonly tiles: readonly Tile[];
  readonly connectors: readonly Connector[];
  readonly jobs: readonly Job[];
  readonly health: Health | undefined;
}

/** The most urgent first. Each integration stands in one of the groups about integrations. */
export function attentionOf(facts: Facts): readonly NoticeGroup[] {
  const { tiles } = facts;
  const offline: Notice[] = [];
  const failed: Notice[] = [];
  const removal: Notice[] = [];
  const setup: Notice[] = [];
  for (const tile of tiles) {
    if (tile.offlineConnections.length > 0) offline.push(offlineNotice(tile));
    else if (tile.mode === 'uninstall') removal.push(removalNotice(tile));
    else if (tile.mode === 'install') setup.push(setupNotice(tile));
    else if (hasFailed(tile)) failed.push(failedNotice(tile));
  }
  const groups: readonly NoticeGroup[] = [
    { key: 'server', notices: serverNotices(facts.health), allHref: serverHref('status') },
    { key: 'offline', notices: offline, allHref: '#/?state=offline' },
    { key: 'failed', notices: failed, allHref: '#/?state=failed' },
    { key: 'jobs', notices: jobNotices(facts), allHref: '#/' },
    { key: 'connectors', notices: facts.connectors.flatMap(connectorNotice), allHref: '#/connectors?state=problem' },
    { key: 'removal', notices: removal, allHref: '#/?state=uninstall' },
    { key: 'setup', notices: setup, allHref: '#/?state=install' },
    { key: 'update', notices: updateNotices(facts), allHref: '#/?state=update' },
  ];
  return groups.filter(({ notices }) => notices.length > 0);
}

const subjectOf = ({ _integrationId, name, tag }: Tile) => ({ key: _integrationId, name, tag });

const offlineNotice = (tile: Tile): Notice => ({
  ...subjectOf(tile),
  tone: 'bad',
  text:
    tile.offlineConnections.length === 1
      ? 'has a connection that does not answer'
      : `has ${tile.offlineConnections.length} connections that do not answer`,
  action: tile.offlineConnections.length === 1 ? 'Check the connection' : 'Check the connections',
  href: integrationHref(tile._integrationId, 'records'),
});

const endings: Readonly<Record<string, string>> = {
  faulted: 'was stopped in its last run',
  cut_off: 'was interrupted in its last run, because the server stopped',
};

const failedNotice = (tile: Tile): Notice => ({
  ...subjectOf(tile),
  tone: 'bad',
  text: endings[tile.lastRun?.outcome ?? ''] ?? 'failed in its last run',
  at: tile.lastRun?.startedAt,
  action: 'See why',
  href: runHref(tile._integrationId, tile.lastRun?._id ?? ''),
});

const setupNotice = (tile: Tile): Notice => ({
  ...subjectOf(tile),
  tone: hasFailed(tile) ? 'bad' : 'warn',
  text: `is not set up yet: ${progressOf(tile)}${hasFailed(tile) ? ', and the last attempt failed' : ''}`,
  action: 'Continue the setup',
  href: integrationHref(tile._integrationId, 'setup'),
});

const removalNotice = (tile: Tile): Notice => ({
  ...subjectOf(tile),
  tone: hasFailed(tile) ? 'bad' : 'warn',
  text: `is being removed: ${progressOf(tile)}${hasFailed(tile) ? ', and the last attempt failed' : ''}`,
  action: 'Finish the removal',
  href: integrationHref(tile._integrationId, 'remove'),
});

const progressOf = ({ steps: { total, completed } }: Tile): string =>
  `${completed} of ${pluralize(total, 'step')} done`;

function connectorNotice({ _id, title, status, pending, errors = [] }: Connector): readonly Notice[] {
  const subject = { key: `${_id} ${title}`, name: title, href: connectorHref(_id) };
  if (pending) {
    const text = `${pending.version} wants to reach more than you have allowed`;
    return [{ ...subject, tone: 'warn', text, action: 'Review the version' }];
  }
  if (status === 'held') {
    return [
      { ...subject, tone: 'bad', text: 'crashed too often, so its calls are paused', action: 'See the connector' },
    ];
  }
  if (status === 'invalid') {
    return [{ ...subject, tone: 'bad', text: 'cannot be used: its bundle has errors', action: 'See the errors' }];
  }
  if (errors.length > 0) {
    const text = 'has errors in its current files, so the last good version is used';
    return [{ ...subject, tone: 'warn', text, action: 'See the errors' }];
  }
  return [];
}

/** One notice a connector: its integrations are updated together. */
function updateNotices({ tiles, connectors }: Facts): readonly Notice[] {
  const counts = new Map<string, { version: string; count: number }>();
  for (const { _connectorId, update, updateInProgress } of tiles) {
    if (_connectorId === undefined || !update || updateInProgress) continue;
    const { count } = counts.get(_connectorId) ?? { count: 0 };
    counts.set(_connectorId, { version: update.version, count: count + 1 });
  }
  return [...counts].map(([id, { version, count }]) => ({
    key: id,
    tone: 'accent',
    name: `${connectors.find(({ _id }) => _id === id)?.title ?? 'A connector'} ${version}`,
    text: `is ready for ${pluralize(count, 'integration')}`,
    action: 'Review the update',
    href: connectorHref(id),
  }));
}

function jobNotices({ jobs, tiles }: Facts): readonly Notice[] {
  return failedJobs(jobs).flatMap((job): Notice[] => {
    const tile = tiles.find(({ _integrationId }) => _integrationId === job._integrationId);
    if (!tile) return [];
    return [
      {
        ...subjectOf(tile),
        key: job._id,
        tone: 'bad',
        text:
          job.status === 'failed'
            ? 'has a flow that failed'
            : `has a flow with ${pluralize(job.numOpenError, 'open error')}`,
        at: job.endedAt ?? job.startedAt,
        action: 'See the job',
        href: jobHref(job),
      },
    ];
  });
}

function serverNotices(health: Health | undefined): readonly Notice[] {
  if (!health || health.status === 'ok') return [];
  const reason = (health.reasons[0] ?? 'it did not say why').replace(/\.$/, '');
  const text = health.status === 'unavailable' ? `is not ready: ${reason}` : `needs a look: ${reason}`;
  const tone = health.status === 'unavailable' ? 'bad' : 'warn';
  return [{ key: 'server', tone, name: 'The server', text, action: 'See its status', href: serverHref('status') }];
}
