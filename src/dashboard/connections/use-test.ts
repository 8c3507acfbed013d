/** Tests a connection: whether the application answers, and how its answer begins. */
import { useState } from 'preact/hooks';
import { ApiError, type ErrorItem } from '../api/api-error.ts';
import type { Client } from '../api/client.ts';
import type { JsonObject } from '../api/json.ts';
import { useSession } from '../app/session.ts';
import { type Action, useAction } from '../app/use-action.ts';
import { layoutOf, typeOf } from './credentials.ts';
import { textAt } from './record-values.ts';

/** `GET /connections/{_id}/ping`, `POST /connections/ping` */
interface Ping {
  readonly success: boolean;
  readonly status?: number;
  /** Its beginning, without credentials. Only for one that is not saved. */
  readonly answer?: string;
  readonly errors?: readonly ErrorItem[];
}

export interface TestResult {
  readonly isOnline: boolean;
  readonly status: number;
  /** How the answer begins. */
  readonly answer: string | undefined;
}

export interface Test extends Action<[]> {
  readonly result: TestResult | undefined;
}

/** Tests a stored connection. The server remembers whether it is online. */
export function useTest(record: JsonObject): Test {
  return useTestOf(async (client) => {
    const ping = await client.get<Ping>(`/connections/${record._id}/ping`).catch((error: unknown) => {
      throw inPlainWords(error, record);
    });
    if (ping.status === undefined || !isRead(record)) return ping;
    // The test counts without the answer.
    const { status, answer } = await unsaved(client, record).catch((): Ping => ({ success: false }));
    return status === ping.status && answer !== undefined ? { ...ping, answer } : ping;
  });
}

/** Tests a connection as a form has it. @param recordOf the record that would be saved; with `_id`, masks are filled in */
export function useDraftTest(recordOf: () => JsonObject): Test {
  return useTestOf((client) => unsaved(client, recordOf()));
}

function useTestOf(ask: (client: Client) => Promise<Ping>): Test {
  const { client } = useSession();
  const [result, setResult] = useState<TestResult>();
  const action = useAction(async () => {
    setResult(undefined);
    const { success, status, answer, errors } = await ask(client);
    if (status === undefined) throw new ApiError(502, errors ?? [NO_ANSWER]);
    setResult({ isOnline: success, status, answer: shownAnswer(answer) });
  });
  return { ...action, result };
}

const NO_ANSWER = { code: 'connection_failed', message: 'The application did not answer.' };

const unsaved = (client: Client, record: JsonObject): Promise<Ping> =>
  client.post<Ping>('/connections/ping', record).catch((error: unknown) => {
    throw inPlainWords(error, record);
  });

/** Whatever changes something is not sent twice for the sake of its answer. */
function isRead(record: JsonObject): boolean {
  const method = textAt(record, layoutOf(record)?.pingMethod ?? '').toUpperCase();
  return ['', 'GET', 'HEAD', 'OPTIONS'].includes(method);
}

function shownAnswer(answer: string | undefined): string | undefined {
  if (answer === undefined || answer === '') return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they tell text from images and the like
  return /[\u0000-\u0008\ufffd]/.test(answer) ? '(no text)' : answer;
}

function inPlainWords(error: unknown, record: JsonObject): unknown {
  if (!(error instanceof ApiError)) return error;
  const message =
    error.status === 404
      ? 'Someone else has deleted this connection.'
      : error.code === 'invalid_field' && typeOf(record) === 'wrapper'
        ? 'Only the connector’s own code can use this connection.'
        : undefined;
  return message === undefined ? error : new ApiError(error.status, [{ code: error.code, message }]);
}
