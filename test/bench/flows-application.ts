/** The application of the flows that are measured: pages of records of 1 KB, a place for batches, and one for webhooks. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export const RECORDS = 10_000;
export const PAGE_RECORDS = 100;
/** What every flow maps. */
export const fields = ['id', 'name', 'email', 'city', 'zip', 'street', 'phone', 'price', 'tags', 'note'];

const NOTE_CHARS = 760;

function recordOf(_: unknown, index: number) {
  const id = index + 1;
  const [city, zip, street, phone] = ['Berlin', '10115', 'Street 1', '030 123'];
  const person = { id, name: `item ${id}`, email: `p${id}@example.com`, city, zip, street, phone };
  return { ...person, price: id * 1.5, tags: ['a', 'b'], note: 'x'.repeat(NOTE_CHARS) };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return JSON.parse(Buffer.concat(pieces).toString());
}

if (import.meta.main) {
  const records = Array.from({ length: RECORDS }, recordOf);
  const pages: string[] = [];
  for (let from = 0; from < RECORDS; from += PAGE_RECORDS) {
    pages.push(JSON.stringify({ items: records.slice(from, from + PAGE_RECORDS) }));
  }
  let received = 0;
  const hooked = new Set<number>();
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    response.setHeader('content-type', 'application/json');
    if (pathname === '/received') return response.end(String(received));
    if (pathname === '/hooked') return response.end(JSON.stringify([...hooked]));
    if (request.method === 'GET') return response.end(pages[Number(searchParams.get('page')) - 1] ?? '{"items":[]}');
    const batch = (await bodyOf(request)) as { id: number }[];
    if (pathname === '/hooks') for (const { id } of batch) hooked.add(id);
    else received += batch.length;
    response.end(JSON.stringify(batch.map(({ id }) => ({ id }))));
  });
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
  });
}
