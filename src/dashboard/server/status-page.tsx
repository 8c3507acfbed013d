import { ApiError } from '../api/api-error.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { formatDuration, formatSize, pluralize } from '../app/format.ts';
import { Time } from '../app/time.tsx';
import { useHealth } from '../app/use-health.ts';
import { useResource } from '../app/use-resource.ts';
import { useTitle } from '../app/use-title.ts';
import { scopeNameOf } from '../tokens/scopes.ts';
import { Help } from './help.tsx';
import { type Metrics, readMetrics } from './read-metrics.ts';
import { useToken } from './use-token.ts';

const healthNames = { ok: 'Ready', degraded: 'Ready, with problems', unavailable: 'Not ready' } as const;
const healthTones = { ok: 'good', degraded: 'warn', unavailable: 'bad' } as const;

interface Description {
  readonly info: { readonly version: string };
}

/** Whether the server is well, and what it is doing. */
export function StatusPage() {
  useTitle('Server');
  const health = useHealth();
  const version = useResource<string>({
    key: '/openapi.json',
    load: async (client, signal) => (await client.get<Description>('/openapi.json', signal)).info.version,
    isAffected: () => false,
  }).value;
  const metrics = useResource<Metrics>({
    key: '/metrics',
    load: async (client, signal) => readMetrics(await (await client.fetch('GET', '/metrics', { signal })).text()),
    isAffected: ({ type }) => type === 'run.ended' || type === 'run.started',
    minIntervalMs: 3_000,
  });
  const { status, reasons = [] } = health.value ?? {};
  return (
    <div class="stack">
      <div class="row apart">
        <h1>Server</h1>
        {status && <span class={`badge ${healthTones[status]}`}>{healthNames[status]}</span>}
      </div>
      <ErrorNotice error={health.error} title="The server’s status could not be loaded." />
      {reasons.length > 0 && (
        <div class={`notice ${status === 'unavailable' ? 'bad' : 'warn'}`}>
          <ul class="bullets">
            {reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
          <p class="small">
            The server’s log has the details. <code>npx bulkhead doctor</code> checks the machine, the data folder and
            the connectors.
          </p>
        </div>
      )}
      {!isRefused(metrics.error) && (
        <ErrorNotice error={metrics.error} title="The server’s figures could not be loaded." />
      )}
      <div class="panels">
        <Versions version={version} metrics={metrics.value} />
        {metrics.value && <Work metrics={metrics.value} />}
        <YourToken />
        <Help />
      </div>
    </div>
  );
}

/** The token may not see the figures. The rest of the page stands without them. */
const isRefused = (error: unknown): boolean => error instanceof ApiError && error.status === 403;

interface VersionsProps {
  readonly version: string | undefined;
  readonly metrics: Metrics | undefined;
}

function Versions({ version, metrics }: VersionsProps) {
  const { node, nodeVersion, startedAt, memoryBytes, cpuSeconds } = metrics ?? {};
  return (
    <section class="card stack tight" aria-labelledby="versions-title">
      <h2 id="versions-title">This server</h2>
      <dl class="facts">
        <dt>Bulkhead</dt>
        <dd>{version ?? '…'}</dd>
        {metrics && (
          <>
            <dt>Node.js</dt>
            <dd>{nodeVersion ?? 'Unknown'}</dd>
            <dt>Store</dt>
            <dd>
              {node === undefined
                ? 'Its data folder. This is the only node.'
                : `A database that several nodes may share. This node is ${node}.`}
            </dd>
            {startedAt !== undefined && (
              <>
                <dt>Running since</dt>
                <dd>
                  <Time at={new Date(startedAt * 1000).toISOString()} />
                </dd>
              </>
            )}
            <dt>Memory</dt>
            <dd>{formatSize(memoryBytes)}, without its connectors’ processes</dd>
            <dt>CPU time</dt>
            <dd>{formatDuration(cpuSeconds === undefined ? undefined : cpuSeconds * 1000)} since the start</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Work({ metrics }: { readonly metrics: Metrics }) {
  const { runs, runsInFlight = 0, runsWaiting = 0, compartments = 0, lagSeconds } = metrics;
  const { commits, meanCommitMs, refusedRequests } = metrics;
  const { succeeded = 0, ...others } = runs;
  const failed = Object.values(others).reduce((sum, count) => sum + count, 0);
  return (
    <section class="card stack tight" aria-labelledby="work-title">
      <h2 id="work-title">Its work</h2>
      <dl class="facts">
        <dt>Runs now</dt>
        <dd>
          {runsInFlight} running, {runsWaiting} waiting for their turn
        </dd>
        <dt>Runs since the start</dt>
        <dd>
          {succeeded} succeeded, {failed} did not. <a href="#/runs">See the newest</a>
        </dd>
        <dt>Connectors’ processes</dt>
        <dd>{compartments}</dd>
        <dt>Changes stored</dt>
        <dd>
          {commits}
          {meanCommitMs !== undefined && `, ${formatDuration(meanCommitMs)} each on average`}
        </dd>
        <dt>Delay of replies</dt>
        <dd>{formatDuration(lagSeconds === undefined ? undefined : lagSeconds * 1000)} of waiting for the processor</dd>
        <dt>Requests refused</dt>
        <dd>{pluralize(refusedRequests, 'request')} over the rate limits</dd>
      </dl>
      <p class="small muted">These figures are of the node that answered. They start again when it restarts.</p>
    </section>
  );
}

function YourToken() {
  const token = useToken();
  if (!token) return null;
  return (
    <section class="card stack tight" aria-labelledby="token-title">
      <h2 id="token-title">You</h2>
      <dl class="facts">
        <dt>Signed in with</dt>
        <dd>
          {token.scope === 'administrator' ? 'The administrator’s token' : `The access token ${token.name ?? ''}`}
        </dd>
        <dt>You may</dt>
        <dd>{token.scope === 'administrator' ? 'Do everything' : scopeNameOf(token)}</dd>
        {token.autoPurgeAt !== undefined && (
          <>
            <dt>Until</dt>
            <dd>
              <Time at={token.autoPurgeAt} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}
