/**
 * What flows cost: 10,000 records of 1 KB from a paged export through `preSavePage`, a mapping of ten fields and
 * `postMap` to an import in batches of 100; webhooks; and flows that are all due at the same time.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf, cpuMsOf, treeResidentMb } from '../support/traces.ts';
import { type Figure, figure, median, tableOf } from './figures.ts';
import { fields, PAGE_RECORDS, RECORDS } from './flows-application.ts';
import { type Followed, followJobs } from './flows-events.ts';
import { type Bulkhead, here, measure, type Running, type Settings, startBulkhead, startScript } from './rig.ts';

const PAGES = RECORDS / PAGE_RECORDS;
const DUE_AT_ONCE = 1_000;
const DUE_INTEGRATIONS = 50;
const DUE_MINUTES = 4;
/** The next full minute, and time to run all. */
const DUE_LIMIT_MS = 180_000;
const MESSAGE = JSON.stringify({ id: 1, text: 'x'.repeat(900) });
const connections = 32;
const peers = ['node-red-flow'];

const code = `exports.hooks = {
  keep: ({ data }) => ({ data: data.filter(({ id }) => id > 0), errors: [] }),
  stamp: ({ postMapData }) => postMapData.map((data) => ({ data: { ...data, stamped: true } })),
};`;

async function post(server: Bulkhead, path: string, body: object): Promise<{ _id: string; _jobId: string }> {
  const reply = await server.client('POST', path, body);
  if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${reply.text}`);
  return reply.body;
}

interface Ids {
  readonly integration: string;
  readonly flow: string;
  /** A flow without records, to be created with a name and a schedule. */
  readonly emptyFlow: object;
}

async function prepare(server: Bulkhead, baseURI: string): Promise<Ids> {
  const integration = await server.install('flows');
  const own = { _integrationId: integration };
  const auth = { type: 'token', token: { token: 'the-applications-token' } };
  const connection = await post(server, '/connections', { ...own, name: 'a', type: 'http', http: { baseURI, auth } });
  const http = { method: 'GET', response: { resourcePath: 'items' } };
  const given = { ...own, _connectionId: connection._id };
  const exported = await post(server, '/exports', {
    ...given,
    name: 'pages',
    http: { ...http, relativeURI: '/items?page={{export.http.paging.page}}', paging: { method: 'page', page: 1 } },
    hooks: { preSavePage: { function: 'keep' } },
  });
  const empty = await post(server, '/exports', { ...given, name: 'none', http: { ...http, relativeURI: '/none' } });
  const imported = await post(server, '/imports', {
    ...given,
    name: 'batches',
    http: { method: 'POST', relativeURI: '/batch', batchSize: PAGE_RECORDS, response: { resourceIdPath: 'id' } },
    mapping: { fields: fields.map((field) => ({ extract: field, generate: field })) },
    hooks: { postMap: { function: 'stamp' } },
  });
  const steps = { pageProcessors: [{ type: 'import', _importId: imported._id }] };
  const flow = await post(server, '/flows', {
    ...own,
    name: 'f',
    pageGenerators: [{ _exportId: exported._id }],
    ...steps,
  });
  const emptyFlow = { ...own, pageGenerators: [{ _exportId: empty._id }], ...steps };
  return { integration, flow: flow._id, emptyFlow };
}

interface Round {
  readonly perSecond: number;
  readonly startMs: number;
  readonly cpuMs: Readonly<Record<string, number>>;
}

async function cpuOf(server: Running, application: Running): Promise<Record<string, number>> {
  const compartments = await Promise.all((await childrenOf(server.pid)).map(cpuMsOf));
  return {
    runtime: await cpuMsOf(server.pid),
    compartments: compartments.reduce((sum, ms) => sum + ms, 0),
    application: await cpuMsOf(application.pid),
  };
}

async function runOnce(server: Bulkhead, application: Running, jobs: Followed, { flow }: Ids): Promise<Round> {
  const before = await cpuOf(server, application);
  const startedAt = performance.now();
  const { _jobId } = await post(server, `/flows/${flow}/run`, {});
  await jobs.ended(_jobId);
  const tookMs = performance.now() - startedAt;
  const after = await cpuOf(server, application);
  const { body: job } = await server.client('GET', `/jobs/${_jobId}`);
  if (job.status !== 'completed' || job.numSuccess < RECORDS) throw new Error(JSON.stringify(job));
  const cpuMs = Object.entries(after).map(([name, ms]) => [name, (ms - (before[name] ?? 0)) / PAGES] as const);
  const startMs = Date.parse(job.startedAt) - Date.parse(job.createdAt);
  return { perSecond: (RECORDS / tookMs) * 1_000, startMs, cpuMs: Object.fromEntries(cpuMs) };
}

/** Records per second of a peer, whose answer comes when all have been sent. */
async function runPeer(peer: Running, application: Running): Promise<number> {
  const received = async (): Promise<number> => Number(await (await fetch(`${application.url}/received`)).text());
  const before = await received();
  const startedAt = performance.now();
  await (await fetch(`${peer.url}/run`, { method: 'PUT' })).text();
  const tookMs = performance.now() - startedAt;
  const count = (await received()) - before;
  if (count !== RECORDS) throw new Error(`${count} records have arrived`);
  return (RECORDS / tookMs) * 1_000;
}

async function webhooks(server: Bulkhead, { integration }: Ids, { seconds, rounds }: Settings): Promise<Figure[]> {
  const token = 'the-webhooks-token';
  // No flow reads them, so that only receiving is measured. Each round has an export of its own: 100,000 may wait.
  const perSecond: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const webhook = { name: 'w', type: 'webhook', _integrationId: integration, webhook: { token } };
    const { _id } = await post(server, '/exports', webhook);
    const paths = [`/exports/${_id}/${token}/data`];
    const measured = await measure({ url: server.url, method: 'POST', paths, body: MESSAGE, connections, seconds });
    if (measured.failed > 0) throw new Error(`${measured.failed} webhooks failed`);
    perSecond.push(measured.perSecond);
  }
  return [figure('flows', `webhooks, ${connections} connections`, 'per second', perSecond, '≥ 2,000')];
}

interface ScheduledJob {
  readonly status: string;
  readonly startedAt: string;
  readonly scheduledAt: string;
}

async function scheduledJobs(server: Bulkhead): Promise<ScheduledJob[]> {
  const found: ScheduledJob[] = [];
  for (let path = '/jobs?limit=1000'; path !== ''; ) {
    const { body, headers } = await server.client('GET', path);
    found.push(...body.filter(({ scheduledAt }: Partial<ScheduledJob>) => scheduledAt !== undefined));
    path = /<[^>]*?(\/jobs[^>]*)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? '';
  }
  return found;
}

/** Flows that begin in the same second, minute after minute. */
async function dueAtOnce(server: Bulkhead, jobs: Followed, baseURI: string): Promise<Figure[]> {
  const prepared: Ids[] = [];
  for (let i = 0; i < DUE_INTEGRATIONS; i++) prepared.push(await prepare(server, baseURI));
  // Not now: the first must not start while the last are being made.
  const first = new Date(Date.now() + 120_000).getUTCMinutes();
  const schedule = `${Array.from({ length: DUE_MINUTES }, (_, i) => (first + i) % 60).join()} * * * *`;
  for (let i = 0; i < DUE_AT_ONCE; i++) {
    const { emptyFlow } = prepared[i % DUE_INTEGRATIONS] as Ids;
    await post(server, '/flows', { ...emptyFlow, name: `due ${i}`, schedule });
  }
  const memoryMb: number[] = [];
  for (let minute = 0; minute < DUE_MINUTES; minute++) {
    await jobs.more(DUE_AT_ONCE, DUE_LIMIT_MS);
    await sleep(1_000);
    memoryMb.push(await treeResidentMb(server.pid));
  }
  const ended = await scheduledJobs(server);
  const lateMs = ended.map(({ startedAt, scheduledAt }) => Date.parse(startedAt) - Date.parse(scheduledAt));
  const failed = ended.filter(({ status }) => status !== 'completed').length;
  const what = `${DUE_AT_ONCE} flows due each minute`;
  return [
    figure('flows', `${what}: the last start`, 's', [Math.max(...lateMs) / 1_000], '≤ 10'),
    figure('flows', 'not completed of them', '', [failed], '0'),
    ...memoryMb.map((mb, i) => figure('flows', `memory after minute ${i + 1}, with children`, 'MiB', [mb], 'flat')),
  ];
}

export async function flows(settings: Settings): Promise<Figure[]> {
  const application = await startScript(here('flows-application.ts'));
  const permissions = { fetch: [application.url] };
  const server = await startBulkhead(
    { flows: { connector: { permissions }, code } },
    { BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1' },
  );
  const jobs = await followJobs(server.url);
  const others: (Running & { readonly name: string })[] = [];
  try {
    const ids = await prepare(server, application.url);
    for (const name of peers) {
      if (existsSync(here('peers/node_modules'))) {
        others.push({ name, ...(await startScript(here(`peers/${name}.ts`), { APPLICATION: application.url })) });
      } else process.stderr.write(`flows: without ${name}: npm ci --prefix test/bench/peers has not been done\n`);
    }
    const own: Round[] = [];
    const ofPeers = new Map<string, number[]>(others.map(({ name }) => [name, []]));
    // The first is for the compilers, and not counted.
    for (let round = 0; round <= settings.rounds; round++) {
      const measured = await runOnce(server, application, jobs, ids);
      if (round > 0) own.push(measured);
      for (const peer of others) {
        const perSecond = await runPeer(peer, application);
        if (round > 0) ofPeers.get(peer.name)?.push(perSecond);
      }
      process.stderr.write(`flows: round ${round} of ${settings.rounds}\n`);
    }
    const perSecond = own.map((each) => each.perSecond);
    const cpu = (name: string): number[] => own.map(({ cpuMs }) => cpuMs[name] ?? Number.NaN);
    const figures = [
      figure('flows', `${RECORDS} records through a flow`, 'per second', perSecond, '≥ 20,000'),
      ...['runtime', 'compartments', 'application'].map((name) =>
        figure('flows', `CPU time of a page, ${name}`, 'ms', cpu(name)),
      ),
      figure(
        'flows',
        'from `run` to the start of the job',
        'ms',
        own.map(({ startMs }) => startMs),
        '≤ 50',
      ),
      ...[...ofPeers].flatMap(([name, rates]) => [
        figure('flows', `the same by ${name}`, 'per second', rates),
        figure(
          'flows',
          `Bulkhead beside ${name}`,
          '×',
          perSecond.map((each, i) => each / (rates[i] ?? median(rates))),
          '≥ 1',
        ),
      ]),
      ...(await webhooks(server, ids, settings)),
      ...(await dueAtOnce(server, jobs, application.url)),
    ];
    process.stdout.write(`${tableOf(figures)}\n\n`);
    return figures;
  } finally {
    jobs.close();
    for (const running of [server, application, ...others]) await running.stop();
  }
}
