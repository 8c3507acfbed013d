/** A server's `/events`, followed from now on, over lost connections. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type AskedServer, request } from './ask-server.ts';
import { CommandError } from './command.ts';

const RETRY_MS = 2_000;

export interface ServerEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Settles when the server has begun to tell, and with how to end it. What went wrong later is tried again.
 *
 * @throws CommandError if it does not begin
 */
export async function followEvents(
  server: Omit<AskedServer, 'signal'>,
  onEvent: (event: ServerEvent) => void,
): Promise<() => Promise<void>> {
  const ending = new AbortController();
  const asked = { ...server, signal: ending.signal };
  const first = await opened(asked, undefined);
  const following = (async () => {
    let lastId: string | undefined;
    for (let stream: Opened | undefined = first; !ending.signal.aborted; stream = await reopened(asked, lastId)) {
      if (stream) lastId = (await readToEnd(stream, onEvent)) ?? lastId;
      await sleep(RETRY_MS, undefined, { signal: ending.signal }).catch(() => {
        // It is to end: the loop sees that.
      });
    }
  })();
  return async () => {
    ending.abort();
    await following;
  };
}

type Opened = ReadableStream<{ id?: string | undefined; event?: string | undefined; data: string }>;

async function opened(server: AskedServer, lastId: string | undefined): Promise<Opened> {
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
  const response = await request(server, { method: 'GET', path: '/v1/events', headers });
  if (!response.ok || !response.body) throw new CommandError(`The server tells no events (${response.status}).`);
  return response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}

async function reopened(server: AskedServer, lastId: string | undefined): Promise<Opened | undefined> {
  try {
    return await opened(server, lastId);
  } catch {
    // It may come back.
    return undefined;
  }
}

/** @returns the id of the last event */
async function readToEnd(stream: Opened, onEvent: (event: ServerEvent) => void): Promise<string | undefined> {
  let lastId: string | undefined;
  try {
    for await (const { id, event = 'message', data } of stream) {
      lastId = id ?? lastId;
      onEvent({ name: event, data: JSON.parse(data) as ServerEvent['data'] });
    }
  } catch {
    // The connection was lost, or is to end.
  }
  return lastId;
}
