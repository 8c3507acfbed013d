/** Well-behaved and misbehaving servers for connectors' outbound requests, and a client for them. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { tasks } from '../../src/broker/ask-tasks.ts';
import { BrokerError } from '../../src/broker/broker-error.ts';
import {
  createOutbound,
  type Outbound,
  type OutboundOptions,
  type OutboundResponse,
} from '../../src/broker/outbound.ts';
import type { OutboundRequest } from '../../src/broker/outbound-request.ts';

export function openOutbound(options: OutboundOptions = {}): Outbound {
  const outbound = createOutbound(options);
  onTestFinished(() => outbound.close());
  return outbound;
}

async function listening(server: NetServer, host: string, port: number): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  onTestFinished(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** An HTTP server on a free port, or on the given one. */
export function httpServer(listener: RequestListener, host = '127.0.0.1', port = 0): Promise<number> {
  return listening(createServer(listener), host, port);
}

/** Any of Node's servers. */
export function serverOf(server: Server, host = '127.0.0.1'): Promise<number> {
  return listening(server, host, 0);
}

/** A server that sends arbitrary bytes on each connection. */
export function rawServer(onConnection: (socket: Socket) => void): Promise<number> {
  return listening(createNetServer(onConnection), '127.0.0.1', 0);
}

/** A request as made by a run. */
export interface Asked extends Partial<Omit<OutboundRequest, 'body'>> {
  /** Text, or bytes in base64 if `bodyEncoding` says so. */
  readonly body?: string | null;
  readonly bodyEncoding?: 'base64';
  readonly connectorId?: string;
  /** Default: only the origin of the URL. */
  readonly permissions?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A response as seen by a run. */
export interface Answered extends Omit<OutboundResponse, 'body'> {
  readonly body: string;
  readonly bodyEncoding?: 'base64';
}

/** The URL's origin, as in a manifest. */
function originIn(url: string): string {
  return /^[a-z]+:\/\/[^/?#]*/i.exec(url)?.[0] ?? url;
}

const { parse, write } = tasks.functions;

function bytesOf(body: string | null, bodyEncoding: 'base64' | undefined): Buffer | null {
  const text = JSON.stringify({ url: '/', method: 'POST', headers: [], body, bodyEncoding });
  const parsed = parse({ text });
  if ('denied' in parsed) throw new BrokerError('invalid_request', parsed.denied);
  return parsed.text ?? null;
}

export async function ask(outbound: Outbound, url: string, asked: Asked = {}): Promise<Answered> {
  const { connectorId = 'a', permissions = [originIn(url)], signal = new AbortController().signal, ...rest } = asked;
  const { body: given = null, bodyEncoding, ...others } = rest;
  const request = { url, method: 'GET', headers: [], ...others, body: bytesOf(given, bodyEncoding) };
  const { body, ...head } = await outbound.fetch(request, { connectorId, permissions }, signal);
  return JSON.parse(write({ head, moved: body }).text.toString()).value;
}

/** The code of a refusal, if there is one. Asserts that its message reveals nothing about the network or our code. */
export async function refusal(answer: Promise<unknown>): Promise<{ code: string; message: string } | undefined> {
  try {
    await answer;
    return undefined;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
}
