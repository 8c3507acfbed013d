/** A server, an application, and all of the load, watched once a minute. */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../bench/figures.ts';
import { type Bulkhead, here, installMany, type Running, startBulkhead, startScript, TOKEN } from '../bench/rig.ts';
import { makeFlow } from '../flow/scene.ts';
import { type Client, createPooledClient } from '../support/client.ts';
import { Prober } from '../support/prober.ts';
import { type TreeMemory, treeCpuMs, treeMemory } from '../support/traces.ts';
import { bundlesFor, FLOWING, FRAGILE, FROM_PAGE, QUIET, uploadOf } from './bundles.ts';
import { Load, type Scene } from './load.ts';
import { pause } from './pace.ts';
import { Reader, RunEnds } from './readers.ts';
import { quantile, type Sample, total } from './summary.ts';
import { Tally } from './tally.ts';

const CONNECTIONS = 128;
const INTEGRATIONS = 4;
const READERS = 3;
const RUN_FLOWS = 2;
const PERIOD_MS = 60_000;
/** A short soak has shorter periods, so that it can be divided into quarters. */
const PERIODS_MIN = 8;
const MEMORY_EVERY_MS = 5_000;
const AFTERWARDS_MS = 60_000;
/** An event may be on its way when its reply has come. */
const EVENTS_MS = 5_000;
const WEBHOOK_TOKEN = 'the-webhooks-token';
/** Ctrl+C ends the soak, and not what is soaked. */
const detached = true;

export interface SoakOptions {
  readonly minutes: number;
  readonly warmUpSeconds: number;
  readonly callsPerSecond: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
  /** A line that the server has logged: of errors alone. */
  readonly onErrorLine: (line: string) => void;
  readonly onWarm: () => void;
  readonly onSample: (sample: Sample) => void;
}

export interface Soaked {
  readonly tally: Tally;
  readonly samples: readonly Sample[];
  readonly events: number;
  readonly visits: number;
}

export async function soak(options: SoakOptions): Promise<Soaked> {
  const tally = new Tally();
  const application = await startScript(here('flows-application.ts'), {}, undefined, { detached });
  const started: Running[] = [application];
  try {
    const server = await startBulkhead(
      bundlesFor(application.url),
      { BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1' },
      {
        detached,
        onErrorLine(line) {
          tally.note('line in the log of errors');
          options.onErrorLine(line);
        },
      },
    );
    started.push(server);
    const pooled = createPooledClient(server.url, TOKEN, CONNECTIONS);
    const { callsPerSecond } = options;
    const prepared = await prepare(server, pooled.client, application.url);
    const scene = { ...prepared, tally, runEnds: new RunEnds(), callsPerSecond };
    const prober = await Prober.of(server, detached);
    try {
      return await watch(scene, prober, options);
    } finally {
      prober.close();
    }
  } finally {
    await Promise.all(started.map((each) => each.stop()));
  }
}

async function prepare(
  server: Bulkhead,
  client: Client,
  applicationUrl: string,
): Promise<Omit<Scene, 'tally' | 'runEnds' | 'callsPerSecond'>> {
  const upload = await client('PUT', '/connectors', uploadOf(0), { 'content-type': 'application/gzip' });
  if (upload.status !== 201) throw new Error(`upload: ${upload.status} ${upload.text}`);
  const quiet: string[] = [];
  for (const name of QUIET) quiet.push(...(await installMany(server, name, INTEGRATIONS)));
  const uploaded = { connectorId: upload.body._id, ids: await installMany(server, 'uploaded', 2) };
  const [called = '', written = '', crashed = ''] = await installMany(server, FRAGILE, 3);
  const [webhookOwner = '', ...flowOwners] = await installMany(server, FLOWING, RUN_FLOWS + 1);
  const http = {
    method: 'GET',
    relativeURI: '/items?page={{export.http.paging.page}}',
    response: { resourcePath: 'items' },
    paging: { method: 'page', page: FROM_PAGE },
  };
  const exported = { http, hooks: { preSavePage: { function: 'keep' } } };
  const imported = { hooks: { postMap: { function: 'stamp' } } };
  const parts = { origin: applicationUrl };
  const received = { type: 'webhook', http: undefined, _connectionId: undefined, webhook: { token: WEBHOOK_TOKEN } };
  const batch = { method: 'POST', relativeURI: '/hooks', batchSize: 100, response: { resourceIdPath: 'id' } };
  return {
    server,
    client,
    applicationUrl,
    called: quiet,
    // Every second one, so that settings change beside calls of other integrations and of the same.
    written: quiet.filter((_, index) => index % 2 === 0),
    fragile: { called, written, crashed },
    uploaded,
    flows: await Promise.all(
      flowOwners.map((integrationId) =>
        makeFlow(client, { ...parts, integrationId, export: exported, import: imported }),
      ),
    ),
    webhook: await makeFlow(client, {
      ...parts,
      integrationId: webhookOwner,
      export: received,
      import: { http: batch },
    }),
    webhookToken: WEBHOOK_TOKEN,
  };
}

async function watch(scene: Scene, prober: Prober, options: SoakOptions): Promise<Soaked> {
  const { server, tally, runEnds } = scene;
  const [loading, reading] = [new AbortController(), new AbortController()];
  const readers = Array.from(
    { length: READERS },
    (_, index) =>
      new Reader(server.url, tally, ({ name, data }) => {
        const isCall = name === 'run.ended' && data.function === 'echo' && data.outcome === 'succeeded';
        if (index === 0 && isCall) runEnds.note(data.runId);
      }),
  );
  const opened = readers.map(() => Promise.withResolvers<void>());
  const follows = readers.map((reader, index) => reader.follow(reading.signal, () => opened[index]?.resolve()));
  await Promise.all(opened.map(({ promise }) => promise));

  const load = new Load(scene);
  const samples: Sample[] = [];
  try {
    const loaded = load.run(loading.signal);
    await sampleInto(samples, scene, load, prober, options);
    loading.abort();
    const isAnswered = await Promise.race([loaded.then(() => true), sleep(AFTERWARDS_MS, false, { ref: false })]);
    if (!isAnswered) tally.note('requests without an answer');
    await load.check(AFTERWARDS_MS);
    const until = performance.now() + EVENTS_MS;
    while (runEnds.size > 0 && performance.now() < until) await sleep(100);
    if (runEnds.size > 0) tally.lose('events: run.ended', runEnds.size);
  } finally {
    loading.abort();
    reading.abort();
  }
  await Promise.all(follows);
  const sum = (key: 'received' | 'visits'): number => readers.reduce((all, reader) => all + reader[key], 0);
  return { tally, samples, events: sum('received'), visits: sum('visits') };
}

async function sampleInto(
  samples: Sample[],
  scene: Scene,
  load: Load,
  prober: Prober,
  { minutes, warmUpSeconds, signal, onWarm, onSample }: SoakOptions,
): Promise<void> {
  await pause(warmUpSeconds * 1_000, signal);
  scene.tally.takeLatenciesMs();
  if (!signal.aborted) onWarm();
  const periodMs = Math.min(PERIOD_MS, (minutes * 60_000) / PERIODS_MIN);
  const startedAt = performance.now();
  try {
    while (!signal.aborted && performance.now() < startedAt + minutes * 60_000 - periodMs / 2) {
      const sample = await observe(scene, load, prober, periodMs, startedAt, signal);
      if (signal.aborted) return;
      samples.push(sample);
      onSample(sample);
    }
  } catch (error) {
    // It has ended. What has been measured until then is worth a summary.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    scene.tally.note('the server has ended');
  }
}

async function observe(
  { server, tally }: Scene,
  load: Load,
  prober: Prober,
  periodMs: number,
  startedAt: number,
  signal: AbortSignal,
): Promise<Sample> {
  const cpuBeforeMs = await treeCpuMs(server.pid);
  const began = performance.now();
  const memory: TreeMemory[] = [];
  const { readings } = await prober.during(async () => {
    do {
      await pause(Math.min(MEMORY_EVERY_MS, began + periodMs - performance.now()), signal);
      memory.push(await treeMemory(server.pid));
    } while (!signal.aborted && performance.now() < began + periodMs);
  });
  const latenciesMs = tally.takeLatenciesMs();
  const cpuMs = (await treeCpuMs(server.pid)) - cpuBeforeMs;
  const now = performance.now();
  const middle = (key: keyof TreeMemory): number => median(memory.map((each) => each[key]));
  if (readings.unwell > 0) tally.note('healthz: no answer, or not 200');
  return {
    minute: (now - startedAt) / 60_000,
    calls: latenciesMs.length,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    runtimeMb: middle('ownMb'),
    connectorsMb: middle('childrenMb'),
    processes: middle('children'),
    cpuPercent: (cpuMs / (now - began) / availableParallelism()) * 100,
    heldMs: readings.heldMs,
    waiting: await load.waitingWebhooks(),
    unexpected: total(tally.unexpected),
    lost: total(tally.lost),
  };
}
