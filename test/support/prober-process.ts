/**
 * A separate process that polls `/healthz` continuously on its own connection, and reads the server's memory. It does
 * nothing else, so that its measurements concern only the server.
 *
 * Both processes may have to wait for a CPU that others are using. The system counts how long each has waited while it
 * could have run (`schedstat`). Subtracting that leaves the time that the server's event loop was blocked.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

/** The result of one measurement. */
export interface Readings {
  /** The longest time without an answer, minus the time that both have waited for a CPU. */
  readonly heldMs: number;
  /** The same without that correction. */
  readonly slowestMs: number;
  readonly asked: number;
  /** Answers other than 200, and lost connections. */
  readonly unwell: number;
  /** The server's resident memory: at the start, the maximum, at the end. NaN if the system does not tell. */
  readonly beforeMb: number;
  readonly peakMb: number;
  readonly afterMb: number;
}

const EVERY_MS = 4;
const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
const NS_PER_MS = 1e6;

const [port = 0, serverPid = 0] = process.argv.slice(2).map(Number);

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** How long a thread has waited for a CPU. */
const waitedMs = (schedstat: string): number => Number(read(schedstat).split(' ')[1] ?? 0) / NS_PER_MS;
const serverWaitedMs = (): number => waitedMs(`/proc/${serverPid}/task/${serverPid}/schedstat`);
const proberWaitedMs = (): number => waitedMs('/proc/self/schedstat');

const residentMb = (): number => Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${serverPid}/status`))?.[1]) / 1024;

let socket: Socket | undefined;
let open: { readonly at: number; readonly serverWaitedMs: number } | undefined;
/** When the prober last ran: the time it has waited since may have delayed its noticing an answer. */
let lookedWaitedMs = 0;
let seen = nothingSeen();

function nothingSeen() {
  const now = residentMb();
  return { heldMs: 0, slowestMs: 0, asked: 0, unwell: 0, beforeMb: now, peakMb: now };
}

const opened = () => ({ serverWaitedMs: serverWaitedMs(), at: performance.now() });

function note(): void {
  if (!open) return;
  const tookMs = performance.now() - open.at;
  seen.slowestMs = Math.max(seen.slowestMs, tookMs);
  const waitedMs = serverWaitedMs() - open.serverWaitedMs + (proberWaitedMs() - lookedWaitedMs);
  seen.heldMs = Math.max(seen.heldMs, tookMs - Math.max(0, waitedMs));
}

function ask(): void {
  if (!socket) {
    const mine = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1');
    socket = mine;
    mine.on('error', () => {});
    mine.on('data', (text: string) => {
      note();
      if (!text.startsWith('HTTP/1.1 200 ')) seen.unwell++;
      open = undefined;
    });
    mine.on('close', () => {
      if (open) {
        note();
        seen.unwell++;
      }
      open = undefined;
      socket = undefined;
    });
  }
  seen.asked++;
  open = opened();
  socket.write(REQUEST);
}

setInterval(() => {
  const nowMb = residentMb();
  // The server has ended.
  if (nowMb > seen.peakMb) seen.peakMb = nowMb;
  lookedWaitedMs = proberWaitedMs();
  if (!open) ask();
}, EVERY_MS);

process.on('message', (what) => {
  if (what === 'begin') {
    // A request in progress belongs to the time before.
    if (open) open = opened();
    seen = nothingSeen();
  } else {
    note();
    process.send?.({ ...seen, afterMb: residentMb() } satisfies Readings);
  }
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
