/** A separate process that calls another connector as fast as it answers. */
import { Pool } from 'undici';

/** Successful calls per second, and the number of failed calls. */
export interface Throughput {
  readonly perSecond: number;
  readonly failed: number;
}

const CONNECTIONS = 8;

const [url = '', path = '', token = ''] = process.argv.slice(2);
const pool = new Pool(url, { connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 });
let [startedAt, calls, failed] = [0, 0, 0];
let isRunning = false;

async function keepCalling(): Promise<void> {
  while (isRunning) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const isServed = await pool
      .request({ method: 'PUT', path, headers, body: '{}' })
      .then(async ({ body }) => (await body.text()) === '"served"')
      .catch(() => false);
    if (isServed) calls++;
    else failed++;
  }
}

process.on('message', (what) => {
  isRunning = what === 'begin';
  if (isRunning) {
    [startedAt, calls, failed] = [performance.now(), 0, 0];
    for (let i = 0; i < CONNECTIONS; i++) void keepCalling();
  } else {
    const seconds = (performance.now() - startedAt) / 1_000;
    process.send?.({ perSecond: calls / seconds, failed } satisfies Throughput);
  }
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
