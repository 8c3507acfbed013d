/**
 * The load generator, a process of its own: one measurement, printed as JSON. It speaks HTTP over
 * plain sockets, one request at a time on each, so that little of the machine goes into measuring.
 */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Load {
  readonly url: string;
  /** More servers. The connections take turns between all, as behind a round-robin balancer. */
  readonly otherUrls?: readonly string[];
  readonly token: string;
  /** Default: `PUT`. */
  readonly method?: string;
  /** Asked for in turn, or by Zipf's law. */
  readonly paths: readonly string[];
  /** Exponent of Zipf's law: the n-th path is asked for as often as 1 / n ** zipf says. */
  readonly zipf?: number;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface Measured {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Replies that were not 2xx. */
  readonly failed: number;
  /** All replies, those of the warm-up included. */
  readonly replies: number;
}

const WARM_UP_S = 2;
// Ten thousand paths are too long for an argument.
const load = JSON.parse(await text(process.stdin)) as Load;
const { url, otherUrls = [], token, method = 'PUT', paths, zipf, body, connections, seconds } = load;
const servers = [url, ...otherUrls].map((each) => new URL(each));

const requests = paths.map((path) =>
  Buffer.from(
    [
      `${method} ${path} HTTP/1.1`,
      'Host: localhost',
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  ),
);

/** Sums of the paths' shares; undefined if all are asked for in turn. */
const sums = zipf === undefined ? undefined : sharesOf(zipf);

function sharesOf(exponent: number): Float64Array {
  let sum = 0;
  return Float64Array.from(paths, (_, i) => {
    sum += (i + 1) ** -exponent;
    return sum;
  });
}

/** Index of the path to ask for. */
function nextPath(): number {
  if (!sums) return turn++ % requests.length;
  const drawn = Math.random() * (sums.at(-1) as number);
  let [from, to] = [0, sums.length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sums[middle] as number) < drawn) from = middle + 1;
    else to = middle;
  }
  return from;
}

let turn = 0;
let failed = 0;
let replies = 0;
let measureFrom = Number.POSITIVE_INFINITY;
let stopAt = Number.POSITIVE_INFINITY;
const latenciesUs: number[] = [];

function client({ hostname, port }: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    let sentAt = 0;
    let received = '';
    const send = (): void => {
      sentAt = performance.now();
      if (sentAt >= stopAt) {
        socket.destroy();
        return resolve();
      }
      received = '';
      socket.write(requests[nextPath()] as Buffer);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(received.slice(0, headEnd))?.[1] ?? 0);
      if (received.length < headEnd + 4 + length) return;
      replies++;
      const now = performance.now();
      if (now >= measureFrom && now <= stopAt) {
        if (received.startsWith('2', 9)) latenciesUs.push((now - sentAt) * 1000);
        else failed++;
      }
      send();
    });
  });
}

measureFrom = performance.now() + WARM_UP_S * 1000;
stopAt = measureFrom + seconds * 1000;
await Promise.all(Array.from({ length: connections }, (_, i) => client(servers[i % servers.length] as URL)));
latenciesUs.sort((a, b) => a - b);
const at = (share: number): number => latenciesUs[Math.floor(share * (latenciesUs.length - 1))] ?? 0;
const perSecond = latenciesUs.length / seconds;
const measured: Measured = { perSecond, p50Us: at(0.5), p99Us: at(0.99), failed, replies };
process.stdout.write(JSON.stringify(measured));
