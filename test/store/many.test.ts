/** Ten thousand integrations beside a hundred: the start, a write, a page of the list, memory, and the event loop. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Client, createClient } from '../support/client.ts';
import { documentOf } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';
import { startServer } from '../support/server.ts';
import { tracesOf } from '../support/traces.ts';

const TOKEN = 'the-tests-of-manys-token';
const DOCUMENT_BYTES = 5_000;
const WARM_UP = 50;
const CALLS = 200;

async function folderWith(count: number): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'integrations'));
  for (let i = 0; i < count; i++) {
    const document = documentOf({ name: `integration ${i}` });
    const { _id, createdAt, lastModified } = document.integration;
    const records = Array.from({ length: 5 }, (_, at) => {
      const record = {
        _id: documentOf().integration._id,
        createdAt,
        lastModified,
        name: `größe ${at}`,
        _integrationId: _id,
      };
      return [record._id, { ...record, text: 'x'.repeat(DOCUMENT_BYTES / 20) }];
    });
    const full = {
      ...document,
      integration: { ...document.integration, settings: { text: 'y'.repeat(DOCUMENT_BYTES / 2) } },
      exports: Object.fromEntries(records),
    };
    await writeFile(join(folder, 'integrations', `${_id}.json`), JSON.stringify(full));
  }
  return folder;
}

async function median(work: (index: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + CALLS; i++) {
    const startedAt = performance.now();
    await work(i);
    if (i >= WARM_UP) times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b)[CALLS >> 1] as number;
}

interface Figures {
  readonly firstAnswerMs: number;
  readonly residentMb: number;
  readonly pageMs: number;
  readonly writeMs: number;
  /** The slowest answer of /healthz while everything is listed. */
  readonly heldMs: number;
}

async function figuresOf(count: number): Promise<Figures> {
  const data = await folderWith(count);
  const startedAt = performance.now();
  const server = await startServer({
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: data,
    BULKHEAD_CONNECTORS: await temporaryFolder(),
  });
  const client = createClient(server.url, TOKEN);
  await client('GET', '/healthz');
  const firstAnswerMs = performance.now() - startedAt;
  const { residentMb } = process.platform === 'linux' ? await tracesOf(server.pid) : { residentMb: 0 };
  const { body: page } = await client('GET', '/integrations?limit=100');
  expect(page).toHaveLength(100);
  const writeMs = await median((i) => client('PUT', `/integrations/${page[i % 100]._id}`, { name: `n${i}` }));
  const pageMs = await median(() => client('GET', '/integrations?limit=100'));
  const heldMs = await slowestHealth(client, async () => {
    for (const path of ['/integrations?tag=none', '/exports', '/tiles', '/exports?type=none']) {
      expect((await client('GET', path)).status).toBe(200);
    }
  });
  await server.stop('SIGTERM');
  return { firstAnswerMs, residentMb, pageMs, writeMs, heldMs };
}

async function slowestHealth(client: Client, during: () => Promise<void>): Promise<number> {
  let slowestMs = 0;
  let isGoing = true;
  const asking = (async () => {
    while (isGoing) {
      const startedAt = performance.now();
      await client('GET', '/healthz');
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    }
  })();
  await during();
  isGoing = false;
  await asking;
  return slowestMs;
}

test('ten thousand integrations start in time, fit in memory, and cost no more than a hundred', async () => {
  const few = await figuresOf(100);
  const many = await figuresOf(10_000);
  process.stdout.write(`${JSON.stringify({ few, many })}\n`);
  // Bounds are wide where a busy machine is measured.
  expect(many.firstAnswerMs).toBeLessThan(3_000);
  expect(many.residentMb).toBeLessThan(250);
  expect(many.pageMs / few.pageMs).toBeLessThan(2);
  expect(many.writeMs / few.writeMs).toBeLessThan(2);
  expect(many.heldMs).toBeLessThan(250);
}, 120_000);
