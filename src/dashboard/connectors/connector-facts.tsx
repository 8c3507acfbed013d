import type { Connector, Tile } from '../api/types.ts';
import { pluralize } from '../app/format.ts';
import { describeLimits, describeReach } from './describe-permissions.ts';

interface ConnectorFactsProps {
  readonly connector: Connector;
  readonly installs: readonly Tile[];
}

/** What a connector may do, and which versions are in use. */
export function ConnectorFacts({ connector, installs }: ConnectorFactsProps) {
  const { status, digest, pending, uploaded } = connector;
  const reach = describeReach(connector);
  const limits = describeLimits(connector);
  return (
    <div class="panels">
      <section class="card stack tight" aria-labelledby="permissions-title">
        <h2 id="permissions-title">What it may do</h2>
        <dl class="facts">
          <dt>May reach</dt>
          <dd>
            {status === 'invalid' ? (
              'Nothing, as long as its bundle has errors'
            ) : reach.length === 0 ? (
              'Nothing outside this server'
            ) : (
              <ul>
                {reach.map((where) => (
                  <li key={where}>{where}</li>
                ))}
              </ul>
            )}
          </dd>
          <dt>May change</dt>
          <dd>Its own integrations and their records</dd>
          <dt>Limits of a run</dt>
          <dd>{limits.length === 0 ? 'Those of the server' : `At most ${limits.join(', ')}`}</dd>
        </dl>
      </section>
      <section class="card stack tight" aria-labelledby="versions-title">
        <h2 id="versions-title">Versions</h2>
        <dl class="facts">
          <dt>In use</dt>
          <dd>
            <ul>
              {versionsOf(installs).map(([version, count]) => (
                <li key={version}>
                  {version}: {pluralize(count, 'integration')}
                </li>
              ))}
              {installs.length === 0 && <li>By no integration yet</li>}
            </ul>
          </dd>
          {pending && (
            <>
              <dt>Waiting</dt>
              <dd>{pending.version}, until you approve it</dd>
            </>
          )}
          <dt>Comes from</dt>
          <dd>{uploaded === true ? 'An upload' : 'The connectors folder'}</dd>
          {digest !== undefined && (
            <>
              <dt>Digest of its code</dt>
              <dd>
                <code class="small">{digest}</code>
              </dd>
            </>
          )}
        </dl>
      </section>
    </div>
  );
}

/** Most used first. */
function versionsOf(installs: readonly Tile[]): readonly (readonly [version: string, count: number])[] {
  const groups = Map.groupBy(installs, ({ version }) => version ?? 'Unknown version');
  return [...groups].map(([version, { length }]) => [version, length] as const).sort(([, a], [, b]) => b - a);
}
