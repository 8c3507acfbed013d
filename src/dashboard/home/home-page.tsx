import { useMemo } from 'preact/hooks';
import type { Tile } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useConnectors } from '../app/use-connectors.ts';
import { useHealth } from '../app/use-health.ts';
import { useResource } from '../app/use-resource.ts';
import { useTitle } from '../app/use-title.ts';
import { useJobs } from '../flows/use-jobs.ts';
import { TileList } from '../tiles/tile-list.tsx';
import { attentionOf, type NoticeGroup } from './attention.ts';
import { FlowsOverview } from './flows-overview.tsx';
import { HomeEmpty } from './home-empty.tsx';
import { NoticeList } from './notice-list.tsx';
import { RunningList } from './running-list.tsx';

/** What needs the user, what is running, the last day, what is ahead, and all integrations. */
export function HomePage() {
  useTitle('Home');
  const { value: tiles, error } = useResource<readonly Tile[]>({
    key: 'tiles',
    load: (client, signal) => client.list<Tile>('/tiles', undefined, signal),
    isAffected: ({ type }) =>
      /^(?:run\.(?:started|ended)|job\.ended|integration\.|connector\.|connection\.)/.test(type),
    minIntervalMs: 400,
  });
  const connectors = useConnectors().value;
  const health = useHealth().value;
  const jobs = useJobs();
  const titles = useMemo(() => new Map(connectors?.map(({ _id, title }) => [_id, title])), [connectors]);
  const groups = useMemo(
    () => (tiles && connectors ? attentionOf({ tiles, connectors, jobs, health }) : undefined),
    [tiles, connectors, jobs, health],
  );
  if (!tiles) {
    return error === undefined ? (
      <p class="empty muted" role="status">
        Loading your integrations…
      </p>
    ) : (
      <ErrorNotice error={error} title="Your integrations could not be loaded." />
    );
  }
  const attention = groups && <Attention groups={groups} />;
  if (tiles.length === 0) {
    return (
      <div class="stack wide-gaps">
        <HomeEmpty connectors={connectors} />
        {groups && groups.length > 0 && attention}
      </div>
    );
  }
  return (
    <div class="stack wide-gaps">
      <div class="row apart">
        <h1>Home</h1>
        <a class="button primary" href="#/connectors">
          Install a connector
        </a>
      </div>
      {attention}
      <RunningList tiles={tiles} jobs={jobs} />
      <FlowsOverview tiles={tiles} />
      <TileList tiles={tiles} titles={titles} />
    </div>
  );
}

function Attention({ groups }: { readonly groups: readonly NoticeGroup[] }) {
  const isCalm = groups.length === 0;
  return (
    <section class="card stack tight" aria-labelledby="attention-title">
      <h2 id="attention-title">{isCalm ? 'Nothing needs attention' : 'Needs attention'}</h2>
      {isCalm ? (
        <p class="muted">
          <span class="dot good" aria-hidden="true" /> Every integration is set up, and none failed in its last run.
        </p>
      ) : (
        <NoticeList groups={groups} />
      )}
    </section>
  );
}
