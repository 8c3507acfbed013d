/** `node test/guest/flow/pages.ts`: what a page of 100 records costs in the isolate, read, mapped, hooked and sent. */
import { createSandbox, defaultLimits, fixedAsk, type Outcome } from '../../../sandbox/index.ts';

const RECORDS = 100;
const PAGES = 300;
const WARM_UP = 200;

const records = Array.from({ length: RECORDS }, (_, id) => ({
  id,
  name: `Item ${id}`,
  price: { amount: id * 1.5, currency: 'EUR' },
  lines: [{ sku: `A${id}`, quantity: 2 }],
  createdAt: '2026-03-26T12:34:56Z',
  ...Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`field${i}`, `value ${i} of ${id} `.padEnd(70, 'x')])),
}));
const answer = JSON.stringify({ items: records });
const results = JSON.stringify(records.map(({ id }) => ({ id: `r${id}` })));

const code = `exports.hooks = {
  preSavePage: ({ data, errors }) => ({ data: data.map((record) => ({ ...record, saved: true })), errors }),
  postMap: ({ postMapData }) => postMapData.map((data) => ({ data: { ...data, checked: true } })),
};`;

const context = {
  _integrationId: 'i',
  bearerToken: 't',
  connections: { c1: { _id: 'c1', type: 'http', http: { baseURI: 'https://shop.test' } } },
  limits: { pageRecords: 100, pageBytes: 1024 * 1024, pauseMs: 1_000, errors: 100 },
};
const generate = JSON.stringify({
  ...context,
  export: {
    _id: 'e1',
    _connectionId: 'c1',
    http: { relativeURI: '/items', response: { resourcePath: 'items' } },
    hooks: { preSavePage: { function: 'preSavePage' } },
  },
  pageIndex: 0,
  currentExportDateTime: '2026-11-30T12:00:00.000Z',
});
const importRecord = {
  _id: 'm1',
  _connectionId: 'c1',
  http: { relativeURI: '/things', method: 'POST', batchSize: RECORDS },
  hooks: { postMap: { function: 'postMap' } },
  mapping: {
    fields: [
      { extract: 'name', generate: 'title' },
      { extract: 'price.amount', generate: 'amount', dataType: 'number' },
      { extract: 'lines[0].sku', generate: 'sku' },
      ...Array.from({ length: 7 }, (_, i) => ({ extract: `field${i}`, generate: `fields.f${i}` })),
    ],
  },
};

export interface PageCost {
  /** CPU time of the isolate, mean of the pages after warm-up, in milliseconds. */
  readonly generateMs: number;
  readonly processMs: number;
  /** The same of the first page in a new isolate, in which the engine is loaded. */
  readonly firstMs: number;
}

export async function pageCost(pages = PAGES, warmUp = WARM_UP): Promise<PageCost> {
  const sandbox = createSandbox({ prewarmed: false, threads: 1 });
  const ask = {
    ...fixedAsk('{"value":null}'),
    fetch: async (text: string) => {
      const isExport = !text.includes('/things');
      const headers = [
        ['content-type', 'application/json'],
        ['bulkhead-proxied', 'true'],
      ];
      const body = isExport ? answer : results;
      return JSON.stringify({ value: { url: '', status: 200, statusText: '', headers, body } });
    },
  };
  let runs = 0;
  const call = async (engine: 'generate' | 'process', argument: string): Promise<Outcome & { status: 'answered' }> => {
    const bundle = { connectorId: 'c', digest: code, filename: 'c/index.js', format: 'commonjs', code } as const;
    const outcome = await sandbox.run(
      { runId: `run${++runs}`, bundle, integrationId: 'i', call: { engine, argument }, limits: defaultLimits },
      ask,
    );
    if (outcome.status !== 'answered') throw new Error(JSON.stringify(outcome));
    return outcome;
  };
  try {
    let [generateMs, processMs, firstMs] = [0, 0, 0];
    for (let i = 0; i < warmUp + pages; i++) {
      const read = await call('generate', generate);
      const { data } = JSON.parse(read.result) as { data: unknown[] };
      const argument = { ...context, data, pageIndex: i, firstProcessor: 0, idempotencyPrefix: `job:${i}` };
      const processors = [{ type: 'import', record: importRecord }];
      const sent = await call('process', JSON.stringify({ ...argument, processors }));
      const [page] = (JSON.parse(sent.result) as { steps: { numSuccess: number }[] }).steps;
      if (page?.numSuccess !== RECORDS) throw new Error(sent.result);
      if (i === 0) firstMs = read.usage.cpuMs + sent.usage.cpuMs;
      if (i < warmUp) continue;
      generateMs += read.usage.cpuMs / pages;
      processMs += sent.usage.cpuMs / pages;
    }
    return { generateMs, processMs, firstMs };
  } finally {
    await sandbox.close();
  }
}

if (import.meta.main) {
  const { generateMs, processMs, firstMs } = await pageCost();
  const line = (name: string, ms: number): string => `${name.padEnd(28)} ${ms.toFixed(2)} ms\n`;
  process.stdout.write(line('read and preSavePage', generateMs));
  process.stdout.write(line('mapping, postMap and batch', processMs));
  process.stdout.write(line('the page', generateMs + processMs));
  process.stdout.write(line('the first page of an isolate', firstMs));
}
