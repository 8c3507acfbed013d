/** What the pages conclude from the API's replies, without a browser. */
import { expect, test } from 'vitest';
import type { Connector, Integration, Job, Payload, Tile } from '../../src/dashboard/api/types.ts';
import { parseRoute } from '../../src/dashboard/app/address.ts';
import { attentionOf } from '../../src/dashboard/home/attention.ts';
import { summaryOf } from '../../src/dashboard/runs/run-summary.ts';
import { wayToRepeat } from '../../src/dashboard/runs/way-to-repeat.ts';
import { readMetrics } from '../../src/dashboard/server/read-metrics.ts';

const id = (digit: string): string => digit.repeat(24);

function tile(digit: string, name: string, more: Partial<Tile> = {}): Tile {
  return {
    _integrationId: id(digit),
    _connectorId: id('c'),
    name,
    mode: 'settings',
    steps: { total: 3, completed: 1 },
    records: { connections: 0, exports: 0, imports: 0, flows: 0 },
    lastRun: null,
    lastJob: null,
    offlineConnections: [],
    ...more,
  };
}

const run = (outcome: 'failed' | 'succeeded') => ({
  _id: id('f'),
  section: 'settings',
  function: 'secretName',
  startedAt: '2030-01-01T00:00:00.000Z',
  outcome,
});

const connector: Connector = {
  _id: id('c'),
  name: 'shop',
  title: 'Shop',
  version: '2.0.0',
  status: 'ready',
  permissions: {},
  limits: {},
};

const sentences = (facts: Partial<Parameters<typeof attentionOf>[0]>): string[] =>
  attentionOf({ tiles: [], connectors: [connector], jobs: [], health: undefined, ...facts }).flatMap(({ notices }) =>
    notices.map(({ name, text, action, href }) => `${name} ${text}. [${action}] ${href}`),
  );

test('an integration has one sentence: about what is most urgent, with where to go', () => {
  const tiles = [
    tile('1', 'A', { offlineConnections: [id('e')], lastRun: run('failed') }),
    tile('2', 'B', { lastRun: run('failed'), update: { version: '2.0.0' } }),
    tile('3', 'C', { mode: 'install', lastRun: run('failed') }),
    tile('4', 'D', { mode: 'uninstall' }),
    tile('5', 'E', { lastRun: run('succeeded'), update: { version: '2.0.0' } }),
    tile('6', 'F', { lastRun: run('succeeded') }),
  ];
  expect(sentences({ tiles })).toEqual([
    `A has a connection that does not answer. [Check the connection] #/integrations/${id('1')}/records`,
    `B failed in its last run. [See why] #/integrations/${id('2')}/runs?run=${id('f')}`,
    `D is being removed: 1 of 3 steps done. [Finish the removal] #/integrations/${id('4')}/remove`,
    `C is not set up yet: 1 of 3 steps done, and the last attempt failed. [Continue the setup] #/integrations/${id('3')}/setup`,
    `Shop 2.0.0 is ready for 2 integrations. [Review the update] #/connectors/${id('c')}`,
  ]);
});

test('connectors and the server have sentences, too', () => {
  const pending = { version: '3.0.0', digest: 'd', sentences: [] };
  const connectors: readonly Connector[] = [
    { ...connector, title: 'Waiting', pending },
    { ...connector, title: 'Crashing', status: 'held' },
    { ...connector, title: 'Broken', status: 'invalid' },
    { ...connector, title: 'Old', errors: [{ code: 'c', message: 'm' }] },
    connector,
  ];
  const found = sentences({ connectors, health: { status: 'degraded', reasons: ['A disk is slow.'] } });
  expect(found.map((sentence) => sentence.replace(/ \[.*/, ''))).toEqual([
    'The server needs a look: A disk is slow.',
    'Waiting 3.0.0 wants to reach more than you have allowed.',
    'Crashing crashed too often, so its calls are paused.',
    'Broken cannot be used: its bundle has errors.',
    'Old has errors in its current files, so the last good version is used.',
  ]);
  expect(sentences({ health: { status: 'ok', reasons: [] } })).toEqual([]);
});

test('of jobs, only the latest of a flow counts', () => {
  const job = (digit: string, flow: string, status: Job['status'], numOpenError = 0): Job => ({
    _id: id(digit),
    type: 'flow',
    _integrationId: id('1'),
    _flowId: id(flow),
    status,
    numOpenError,
    triggeredBy: 'user',
    createdAt: '2026-01-01T00:00:00.000Z',
    numExport: 0,
    numPagesProcessed: 0,
    numSuccess: 0,
    numError: 0,
    numIgnore: 0,
    numResolved: 0,
    retriable: numOpenError > 0,
  });
  const jobs = [
    job('9', 'a', 'running'),
    job('8', 'a', 'completed'),
    job('7', 'a', 'failed'),
    job('6', 'b', 'failed'),
    job('5', 'd', 'completed', 2),
  ];
  expect(sentences({ tiles: [tile('1', 'A')], jobs })).toEqual([
    `A has a flow that failed. [See the job] #/integrations/${id('1')}/flows/${id('b')}/${id('6')}`,
    `A has a flow with 2 open errors. [See the job] #/integrations/${id('1')}/flows/${id('d')}/${id('5')}`,
  ]);
});

test('the median is a median, and a running run has not failed', () => {
  const runs = (...times: number[]) => times.map((wallMs) => ({ outcome: 'succeeded' as const, wallMs }));
  expect(summaryOf(runs(1, 100)).median).toBe(50.5);
  expect(summaryOf(runs(9, 1, 2)).median).toBe(2);
  expect(summaryOf(runs(0.25))).toMatchObject({ median: 0.25, longest: 0.25 });
  expect(summaryOf([...runs(4), { outcome: 'running' }, { outcome: 'failed', wallMs: 6 }])).toEqual({
    succeeded: 1,
    running: 1,
    others: 1,
    longest: 6,
    median: 5,
  });
  expect(summaryOf([]).median).toBeUndefined();
});

test('the figures of the metrics are read, whatever their labels hold', () => {
  const metrics = readMetrics(
    [
      '# HELP bulkhead_runs_total Runs.',
      'bulkhead_runs_total{section="settings",outcome="failed",fault=""} 2',
      'bulkhead_runs_total{section="installer",outcome="failed",fault="a\\"} 9"} 3',
      'bulkhead_runs_total{section="settings",outcome="succeeded",fault=""} 40',
      String.raw`bulkhead_node_info{node="büro \"1\" \\o/"} 1`,
      'bulkhead_store_commit_duration_seconds_sum{result="committed"} 0.5',
      'bulkhead_store_commit_duration_seconds_count{result="committed"} 50',
      'process_resident_memory_bytes 1.5e+8',
    ].join('\n'),
  );
  expect(metrics).toMatchObject({
    runs: { failed: 5, succeeded: 40 },
    node: String.raw`büro "1" \o/`,
    commits: 50,
    meanCommitMs: 10,
    memoryBytes: 150_000_000,
    compartments: undefined,
  });
});

test.each([
  ['', { page: 'home' }],
  ['#/?search=a/b', { page: 'home' }],
  ['#/runs?outcome=failed', { page: 'runs' }],
  [`#/connectors/${id('a')}`, { page: 'connector', id: id('a') }],
  ['#/connectors/x', { page: 'unknown' }],
  ['#/server', { page: 'server', section: 'status' }],
  ['#/server/backup', { page: 'server', section: 'backup' }],
  ['#/server/nothing', { page: 'unknown' }],
  // Earlier addresses.
  ['#/tokens', { page: 'server', section: 'tokens' }],
  ['#/audit', { page: 'server', section: 'audit' }],
  ['#/oauth-clients', { page: 'server', section: 'oauth-clients' }],
  ['#/status', { page: 'unknown' }],
  [`#/integrations/${id('a')}/flows?job=${id('b')}`, { page: 'integration', id: id('a'), tab: 'flows' }],
  [`#/integrations/${id('a')}/else`, { page: 'unknown' }],
])('the address %s names its page', (address, route) => {
  expect(parseRoute(address)).toMatchObject(route);
});

test('how a run is repeated: with its whole input, where its form is, or not at all', () => {
  const integration: Integration = {
    _id: id('1'),
    createdAt: '2030-01-01T00:00:00.000Z',
    lastModified: '2030-01-01T00:00:00.000Z',
    name: 'Shop',
    mode: 'settings',
    install: [
      { name: 'Verify', installerFunction: 'verify' },
      { name: 'Form', installerFunction: 'form', form: {} },
    ],
    uninstall: [{ name: 'Bye', uninstallerFunction: 'bye' }],
  };
  const way = (section: string, name: string, input?: Payload, scene: object = {}) =>
    wayToRepeat(
      {
        ...run('failed'),
        _integrationId: id('1'),
        version: '1.0.0',
        requests: 0,
        section,
        function: name,
        ...(input ? { input } : {}),
      },
      { integration, connector, ...scene },
    );
  const whole = { value: { n: 1 } };
  const call = { kind: 'call', input: { n: 1 }, asksFirst: true };
  for (const [section, name] of [
    ['settings', 'any'],
    ['settings', 'persistSettings'],
    ['utilities', 'any'],
    ['installer', 'verify'],
    ['installer', 'form'],
  ] as const) {
    expect(way(section, name, whole)).toEqual(call);
    expect(way(section, name, whole, { connector: undefined }).kind).not.toBe('call');
    expect(way(section, name, { ...whole, masked: true })).not.toMatchObject({ input: { n: 1 } });
    expect(way(section, name, whole, { integration: { ...integration, mode: 'uninstall' } }).kind).toBe('never');
  }
  expect(way('installer', 'verify')).toEqual({ kind: 'call', input: {}, asksFirst: false });
  expect(way('installer', 'form', { ...whole, masked: true })).toMatchObject({ kind: 'elsewhere', tab: 'setup' });
  expect(way('settings', 'persistSettings')).toMatchObject({ kind: 'elsewhere', tab: 'settings' });
  expect(way('installer', 'installConnector', whole).kind).toBe('never');
  expect(way('flow', 'generate', whole).kind).toBe('never');
  expect(way('uninstaller', 'bye', whole)).toMatchObject({ kind: 'elsewhere', tab: 'remove' });
  expect(way('uninstaller', 'clean', whole).kind).toBe('never');
  expect(way('settings', 'any')).toMatchObject({ reason: expect.stringContaining('not stored') });
  expect(way('settings', 'any', { omittedBytes: 9 })).toMatchObject({ reason: expect.stringContaining('too large') });
  expect(way('settings', 'any', { ...whole, masked: true })).toMatchObject({
    reason: expect.stringContaining('masked'),
  });
});
