/** Sends raw bytes, for requests that no client library would send. */
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads replies of every shape, and its assertions are the check
  readonly body: any;
}

export interface RawConnection {
  send(text: string | Buffer): void;
  /** Settles with the next reply, interim ones included. */
  reply(): Promise<RawReply>;
  /** Settles with the unread rest when the server has closed the connection. */
  readonly closed: Promise<string>;
}

/** A connection to a server, closed when the test ends. */
export async function openRaw(url: string): Promise<RawConnection> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let received = '';
  let onData = (): void => {};
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    onData();
  });
  const closed = new Promise<string>((resolve) => socket.on('error', () => {}).on('close', () => resolve(received)));
  await new Promise((connected) => socket.once('connect', connected));
  return {
    send: (text) => void socket.write(text),
    closed,
    async reply() {
      for (;;) {
        const [reply, length] = parsed(received) ?? [];
        if (reply) {
          received = received.slice(length);
          return reply;
        }
        if (socket.destroyed) throw new Error(`closed after ${JSON.stringify(received)}`);
        await new Promise<void>((resolve) => {
          onData = resolve;
          void closed.then(() => resolve());
        });
      }
    },
  };
}

function parsed(text: string): [RawReply, length: number] | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(':')[0]?.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  ) as Record<string, string>;
  const length = Number(headers['content-length'] ?? 0);
  if (text.length < end + 4 + length) return undefined;
  const body = text.slice(end + 4, end + 4 + length);
  const isJson = headers['content-type']?.startsWith('application/json');
  const status = Number(first.split(' ')[1]);
  return [{ status, headers, body: isJson ? JSON.parse(body) : body }, end + 4 + length];
}

/** The first reply to a text. */
export async function exchangeRaw(url: string, text: string | Buffer): Promise<RawReply> {
  const connection = await openRaw(url);
  connection.send(text);
  return connection.reply();
}
