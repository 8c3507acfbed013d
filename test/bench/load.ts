/**
 * The load generator, a process of its own: one measurement, printed as JSON. It speaks HTTP over
 * plain sockets, one request at a time on each, so that little of the machine goes into measuring.
 */
import { connect } from 'node:net';

export interface Load {
  readonly url: string;
  /** More servers. The connections take turns between all, as behind a round-robin balancer. */
  readonly otherUrls?: readonly string[];
  readonly token: string;
  /** Default: `PUT`. */
  readonly method?: string;
  /** Asked for in turn. */
  readonly paths: readonly string[];
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
const load = JSON.parse(process.argv[2] ?? '{}') as Load;
const { url, otherUrls = [], token, method = 'PUT', paths, body, connections, seconds } = load;
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
      socket.write(requests[turn++ % requests.length] as Buffer);
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
