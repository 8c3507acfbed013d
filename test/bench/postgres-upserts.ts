/**
 * The least that a durable write to PostgreSQL can be: plain upserts, each a statement, over a pool of the product's
 * size. Prints how many a second.
 */
import { Pool } from 'pg';

/** As the product's pool. */
const POOL_CONNECTIONS = 16;
const WARM_UP_S = 2;

export interface Upserts {
  readonly url: string;
  /** Clients, each with one upsert at a time. */
  readonly connections: number;
  /** Written in turn. */
  readonly rows: number;
  readonly text: string;
  readonly seconds: number;
}

const { url, connections, rows, text, seconds } = JSON.parse(process.argv[2] ?? '{}') as Upserts;
const pool = new Pool({ connectionString: url, max: POOL_CONNECTIONS });
await pool.query('CREATE TABLE plain (id text PRIMARY KEY, value text)');
const upsert = {
  name: 'upsert',
  text: 'INSERT INTO plain (id, value) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET value = excluded.value',
};

const measureFrom = performance.now() + WARM_UP_S * 1000;
const stopAt = measureFrom + seconds * 1000;
let turn = 0;
let done = 0;

async function client(): Promise<void> {
  for (;;) {
    const number = turn++;
    // A different value each time.
    await pool.query({ ...upsert, values: [`row-${number % rows}`, `${number} ${text}`] });
    const now = performance.now();
    if (now >= stopAt) return;
    if (now >= measureFrom) done++;
  }
}

await Promise.all(Array.from({ length: connections }, client));
await pool.end();
process.stdout.write(String(done / seconds));
