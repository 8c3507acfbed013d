/** A client of `/events`. */
import { onTestFinished } from 'vitest';

export interface ServerEvent {
  readonly id: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads events of every shape, and its assertions are the check
  readonly data: any;
}

export interface Events {
  readonly response: Response;
  /** Events received so far. */
  readonly all: ServerEvent[];
  readonly comments: string[];
  /** The last id, with or without an event. */
  lastId(): string;
  /** Settles when the server ends the stream: true if it ended it properly. */
  readonly ended: Promise<boolean>;
  leave(): void;
}

export interface EventsOptions {
  readonly query?: string;
  readonly lastEventId?: string | undefined;
  /** Takes each event, which is not added to `all` then. */
  readonly onEvent?: (event: ServerEvent) => void;
}

/** Follows until the test ends. */
export async function openEvents(url: string, token: string, options: EventsOptions = {}): Promise<Events> {
  const events = await followEvents(url, token, options);
  onTestFinished(() => events.leave());
  return events;
}

/** The same outside of a test: the caller has to leave. */
export async function followEvents(
  url: string,
  token: string,
  { query = '', lastEventId, onEvent }: EventsOptions = {},
): Promise<Events> {
  const leaving = new AbortController();
  const response = await fetch(`${url}/v1/events${query}`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: leaving.signal,
  });
  const all: ServerEvent[] = [];
  const comments: string[] = [];
  const add = onEvent ?? ((event) => all.push(event));
  let id = '';
  const take = (block: string): void => {
    const fields: Record<string, string> = {};
    for (const line of block.split('\n')) {
      const [, field = '', value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
      if (field === '') comments.push(value);
      else fields[field] = value;
    }
    id = fields.id ?? id;
    if (fields.data !== undefined) add({ id, name: fields.event ?? 'message', data: JSON.parse(fields.data) });
  };
  const read = async (): Promise<boolean> => {
    let rest = '';
    try {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const blocks = (rest + piece).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) take(block);
      }
      return true;
    } catch {
      return false;
    }
  };
  return { response, all, comments, lastId: () => id, ended: read(), leave: () => leaving.abort() };
}

export const namesOf = ({ all }: Events): string[] => all.map(({ name }) => name);
