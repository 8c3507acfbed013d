/** Follows a server's `/events`, reconnecting when the connection is lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { CommandError } from './command.ts';
import { type ServerTarget, sendRequest } from './server-client.ts';

const RETRY_MS = 2_000;

export interface ServerEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Resolves once connected, to a function that stops following. Later failures are retried.
 *
 * @param query of `GET /events`, such as `?_integrationId=…`
 * @throws CommandError if the first connection fails
 */
export async function followEvents(
  server: Omit<ServerTarget, 'signal'>,
  onEvent: (event: ServerEvent) => void,
  query = '',
): Promise<() => Promise<void>> {
  const controller = new AbortController();
  const target = { ...server, signal: controller.signal };
  const first = await openStream(target, query, undefined);
  const following = (async () => {
    let lastId: string | undefined;
    for (
      let stream: EventStream | undefined = first;
      !controller.signal.aborted;
      stream = await tryReopen(target, query, lastId)
    ) {
      if (stream) lastId = (await readToEnd(stream, onEvent)) ?? lastId;
      await sleep(RETRY_MS, undefined, { signal: controller.signal }).catch(() => {
        // Aborted: the loop ends.
      });
    }
  })();
  return async () => {
    controller.abort();
    await following;
  };
}

type EventStream = ReadableStream<{ id?: string | undefined; event?: string | undefined; data: string }>;

async function openStream(server: ServerTarget, query: string, lastId: string | undefined): Promise<EventStream> {
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
  const response = await sendRequest(server, { method: 'GET', path: `/v1/events${query}`, headers });
  if (!response.ok || !response.body) throw new CommandError(`The server does not send events (${response.status}).`);
  return response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}

async function tryReopen(
  server: ServerTarget,
  query: string,
  lastId: string | undefined,
): Promise<EventStream | undefined> {
  try {
    return await openStream(server, query, lastId);
  } catch {
    // The server may come back.
    return undefined;
  }
}

/** @returns the last event's id */
async function readToEnd(stream: EventStream, onEvent: (event: ServerEvent) => void): Promise<string | undefined> {
  let lastId: string | undefined;
  try {
    for await (const { id, event = 'message', data } of stream) {
      lastId = id ?? lastId;
      onEvent({ name: event, data: JSON.parse(data) as ServerEvent['data'] });
    }
  } catch {
    // The connection was lost or aborted.
  }
  return lastId;
}
