/** Reads the figures that the page shows out of `GET /metrics`. Pure. */

/** One line of the Prometheus text format: `name{label="value"} 1.5`. */
const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metrics {
  readonly node: string | undefined;
  readonly nodeVersion: string | undefined;
  /** Seconds since 1970. */
  readonly startedAt: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly cpuSeconds: number | undefined;
  readonly lagSeconds: number | undefined;
  readonly runsInFlight: number | undefined;
  readonly runsWaiting: number | undefined;
  readonly compartments: number | undefined;
  readonly followers: number | undefined;
  /** By outcome, since the start. */
  readonly runs: Readonly<Record<string, number>>;
  /** Since the start. */
  readonly commits: number;
  readonly meanCommitMs: number | undefined;
  readonly refusedRequests: number;
}

export function readMetrics(text: string): Metrics {
  const samples = Map.groupBy(
    text.split('\n').flatMap((line) => {
      const [, name, labels = '', value = ''] = LINE.exec(line) ?? [];
      return name === undefined ? [] : [{ name, labels: readLabels(labels), value: Number(value) }];
    }),
    ({ name }) => name,
  );
  const all = (name: string): readonly Sample[] => samples.get(name) ?? [];
  const one = (name: string): number | undefined => all(name)[0]?.value;
  const sum = (name: string): number => all(name).reduce((total, { value }) => total + value, 0);
  const runs: Record<string, number> = {};
  for (const { labels, value } of all('bulkhead_runs_total')) {
    const outcome = labels.outcome ?? '';
    runs[outcome] = (runs[outcome] ?? 0) + value;
  }
  const commits = sum('bulkhead_store_commit_duration_seconds_count');
  return {
    node: all('bulkhead_node_info')[0]?.labels.node,
    nodeVersion: all('nodejs_version_info')[0]?.labels.version,
    startedAt: one('process_start_time_seconds'),
    memoryBytes: one('process_resident_memory_bytes'),
    cpuSeconds: one('process_cpu_seconds_total'),
    lagSeconds: one('nodejs_eventloop_lag_seconds'),
    runsInFlight: one('bulkhead_runs_in_flight'),
    runsWaiting: one('bulkhead_runs_waiting'),
    compartments: one('bulkhead_compartments'),
    followers: one('bulkhead_event_followers'),
    runs,
    commits,
    meanCommitMs: commits === 0 ? undefined : (sum('bulkhead_store_commit_duration_seconds_sum') / commits) * 1000,
    refusedRequests: sum('bulkhead_rate_limited_requests_total'),
  };
}

const readLabels = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(LABEL)].map(([, name = '', value = '']) => [name, unescaped(value)]));

/** Quotes, backslashes and line breaks in a label's value. */
const unescaped = (value: string): string => value.replace(/\\(.)/g, (_, letter) => (letter === 'n' ? '\n' : letter));
