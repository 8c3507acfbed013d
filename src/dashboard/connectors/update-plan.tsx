import type { Connector } from '../api/types.ts';
import { pluralize } from '../app/format.ts';
import { describeLimits, describeReach } from './describe-permissions.ts';
import type { UpdateTarget } from './use-updates.ts';

/** Names shown; the rest is a number. */
const NAMES = 8;

interface UpdatePlanProps {
  readonly connector: Connector;
  readonly rows: readonly UpdateTarget[];
}

/** What an update will change, before it begins. */
export function UpdatePlan({ connector, rows }: UpdatePlanProps) {
  const reach = describeReach(connector);
  const limits = describeLimits(connector);
  return (
    <>
      <dl class="facts">
        <dt>Version</dt>
        <dd>
          <ul>
            {rows.slice(0, NAMES).map(({ _integrationId, name, version }) => (
              <li key={_integrationId}>
                {rows.length > 1 && `${name}: `}
                {version ?? 'unknown'} → {connector.version}
              </li>
            ))}
            {rows.length > NAMES && <li>and {pluralize(rows.length - NAMES, 'more', 'more')}</li>}
          </ul>
        </dd>
        <dt>May then reach</dt>
        <dd>{reach.length === 0 ? 'Nothing outside this server' : reach.join('; ')}</dd>
        <dt>Limits of a run</dt>
        <dd>{limits.length === 0 ? 'Those of the server' : `At most ${limits.join(', ')}`}</dd>
      </dl>
      <ul class="bullets">
        <li>The connector may change settings and records of its own, as its author wrote it.</li>
        <li>Settings cannot be changed while an update runs.</li>
        <li>An update that fails leaves its integration as it was. There is no way back to the older version.</li>
      </ul>
    </>
  );
}
