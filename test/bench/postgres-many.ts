/** A database with 100,000 integrations: start, memory, and pages of lists. */
import { Client } from 'pg';
import { createPooledClient } from '../support/client.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { tracesOf, treeResidentMb } from '../support/traces.ts';
import { connector, text } from './calls.ts';
import { type Figure, figure, median } from './figures.ts';
import { type Bulkhead, type Settings, startBulkhead, TOKEN, timedMs } from './rig.ts';

const INTEGRATIONS = 100_000;
const PAGE_SIZE = 100;
const PAGES = 20;
const WARM_UP_PAGES = 40;

/** An id that counts up. `$1` has the ids' first characters, different for each kind of record. */
const idOf = (prefix: string): string => `'${prefix}' || lpad(to_hex(n), 16, '0')`;

/**
 * Copies the only integration, with its connection, its settings and its last run. The ids are as long as the
 * originals, so that the lengths stay true.
 */
const FILL = `
  CREATE TEMPORARY TABLE numbers AS
    SELECT n, ${idOf('aaaaaaaa')} AS integration, ${idOf('bbbbbbbb')} AS record, ${idOf('cccccccc')} AS run,
      to_char(timestamp '2025-01-01' + n * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS created
    FROM generate_series(1, ${INTEGRATIONS - 1}) AS n;
  CREATE TEMPORARY TABLE original AS SELECT * FROM bulkhead.integrations;
  CREATE TEMPORARY TABLE own AS SELECT * FROM bulkhead.parts;
  CREATE TEMPORARY TABLE runs AS SELECT * FROM bulkhead.ended_runs ORDER BY newest DESC LIMIT 1;
  INSERT INTO bulkhead.integrations (integration, created, revision, own_revision, state_writes, bytes, text)
    SELECT n.integration, n.created, nextval('bulkhead.revisions'), own_revision, state_writes, bytes,
      replace(replace(text, o.integration, n.integration), o.created, n.created)
    FROM numbers AS n, original AS o ORDER BY n.n;
  INSERT INTO bulkhead.parts (integration, kind, key, created, revision, written_at, bytes, text, facts)
    SELECT n.integration, kind, CASE WHEN o.created IS NULL THEN key ELSE n.record END,
      CASE WHEN o.created IS NOT NULL THEN n.created END, o.revision, i.revision, o.bytes,
      replace(replace(o.text, o.integration, n.integration), CASE WHEN key = '' THEN '?' ELSE key END, n.record), facts
    FROM numbers AS n JOIN bulkhead.integrations AS i USING (integration), own AS o ORDER BY n.n;
  INSERT INTO bulkhead.ended_runs (integration, newest, ids, records)
    SELECT n.integration, n.run, n.run, replace(replace(records, o.integration, n.integration), newest, n.run)
    FROM numbers AS n, runs AS o;`;

export async function manyIntegrations(database: PostgresServer, { rounds }: Settings): Promise<Figure[]> {
  const store = await database.createDatabase();
  const start = () => startBulkhead({ bench: connector }, { BULKHEAD_STORE: store, BULKHEAD_NODE: 'one' });
  await fill(store, start);
  const names = ['listens', 'own memory', 'memory', 'list', 'tiles'] as const;
  const results = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    (typeof names)[number],
    number[]
  >;
  for (let round = 1; round <= rounds; round++) {
    const node = await start();
    results.listens.push(node.startMs);
    results['own memory'].push((await tracesOf(node.pid)).residentMb);
    results.memory.push(await treeResidentMb(node.pid));
    results.list.push(await pageMs(node, '/integrations'));
    results.tiles.push(await pageMs(node, '/tiles'));
    await node.stop();
    process.stderr.write(`postgres: start ${round} of ${rounds}\n`);
  }
  const count = `${INTEGRATIONS.toLocaleString('en')} integrations`;
  return [
    figure('postgres', `${count}: start until it listens`, 'ms', results.listens, '≤ 2000'),
    figure('postgres', `${count}: memory after the start`, 'MiB', results['own memory'], '≤ 150'),
    figure('postgres', `${count}: the same with the connector process`, 'MiB', results.memory),
    figure('postgres', `${count}: page of ${PAGE_SIZE} integrations`, 'ms, p50', results.list, '≤ 20'),
    figure('postgres', `${count}: page of ${PAGE_SIZE} tiles`, 'ms, p50', results.tiles, '≤ 20'),
  ];
}

async function fill(store: string, start: () => Promise<Bulkhead>): Promise<void> {
  const node = await start();
  const id = await node.install('bench');
  await node.client('POST', `/connections`, {
    _integrationId: id,
    name: 'shop',
    type: 'http',
    http: { baseURI: 'https://shop.example', auth: { type: 'none' } },
  });
  await node.client('PUT', `/integrations/${id}/settings/persistSettings`, { pending: { text } });
  await node.stop();
  const client = new Client({ connectionString: store });
  await client.connect();
  await client.query(FILL);
  // As the server does by itself, some time after.
  await client.query('VACUUM ANALYZE');
  await client.end();
}

/** The median of pages that follow one another: each is new to the node. The first ones are for the compilers. */
async function pageMs(node: Bulkhead, path: string): Promise<number> {
  const { client, close } = createPooledClient(node.url, TOKEN, 1);
  let next: string | undefined = `${path}?limit=${PAGE_SIZE}`;
  const times: number[] = [];
  while (next !== undefined && times.length < WARM_UP_PAGES + PAGES) {
    const target = next;
    times.push(
      await timedMs(async () => {
        const { status, headers, body } = await client('GET', target);
        if (status !== 200 || body.length !== PAGE_SIZE) throw new Error(`${target}: ${status}`);
        const link = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
        next = link && new URL(link).pathname + new URL(link).search;
      }),
    );
  }
  await close();
  return median(times.slice(WARM_UP_PAGES));
}
