/** A local application for flows: it serves records page by page, and counts every record that it gets. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

export interface Item {
  readonly id: number;
  readonly [field: string]: unknown;
}

export interface Application {
  readonly origin: string;
  /** The records that `GET /items` serves. */
  items: Item[];
  /** How often each record came to `POST /batch` or `POST /one`, by id. */
  readonly received: Map<number, number>;
  /** The same, without requests whose `Idempotency-Key` came before. */
  readonly distinct: Map<number, number>;
  /** Paths with their queries, in the order of arrival. */
  readonly requests: string[];
  /** Called before a request is answered; true: it has answered itself. */
  intercept: (request: IncomingMessage, response: ServerResponse) => Promise<boolean> | boolean;
  close(): Promise<void>;
}

/**
 * `GET /items?page=1&size=100[&since=…]` → `{items: […]}`; `POST /batch` takes a list and answers `[{id}]`; `POST /one`
 * takes a record and answers `{id}`.
 */
export async function startApplication(count = 0): Promise<Application> {
  const answered = new Map<string, unknown>();
  const server = createServer(async (request, response) => {
    application.requests.push(`${request.method} ${request.url}`);
    if (await application.intercept(request, response)) return;
    const url = new URL(request.url ?? '', application.origin);
    const reply = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.method === 'GET' && url.pathname === '/items') {
      const [page, size] = [Number(url.searchParams.get('page') ?? 1), Number(url.searchParams.get('size') ?? 100)];
      return reply(200, { items: application.items.slice((page - 1) * size, page * size) });
    }
    if (request.method !== 'POST') return reply(404, { message: 'There is nothing here.' });
    const body = await json(request);
    const records = (Array.isArray(body) ? body : [body]) as Item[];
    const key = String(request.headers['idempotency-key'] ?? '');
    for (const { id } of records) add(application.received, id);
    if (key === '' || !answered.has(key)) {
      for (const { id } of records) add(application.distinct, id);
      answered.set(key, true);
    }
    const ids = records.map(({ id }) => ({ id: `new-${id}` }));
    reply(201, Array.isArray(body) ? ids : ids[0]);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const application: Application = {
    origin: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    items: Array.from({ length: count }, (_, index) => ({ id: index + 1, name: `item ${index + 1}` })),
    received: new Map(),
    distinct: new Map(),
    requests: [],
    intercept: () => false,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return application;
}

function add(counts: Map<number, number>, id: number): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}
