/** Tests a connection: whether the application answers, and how its answer begins. */
import { useState } from 'preact/hooks';
import { ApiError, type ErrorItem } from '../api/api-error.ts';
import type { Client } from '../api/client.ts';
import type { JsonObject } from '../api/json.ts';
import { useSession } from '../app/session.ts';
import { type Action, useAction } from '../app/use-action.ts';
import { typeOf } from './credentials.ts';
import { textAt } from './record-values.ts';

/** `GET /connections/{_id}/ping` */
interface Ping {
  readonly success: boolean;
  readonly status?: number;
  readonly errors?: readonly ErrorItem[];
}

export interface TestResult {
  readonly isOnline: boolean;
  readonly status: number;
  /** How the answer begins. Undefined if it has no text. */
  readonly answer: string | undefined;
}

const ANSWER_CHARS = 500;
/** Nothing is read beyond this. */
const ANSWER_BYTES = 4_096;

export function useTest(record: JsonObject): Action<[]> & { readonly result: TestResult | undefined } {
  const { client } = useSession();
  const [result, setResult] = useState<TestResult>();
  const action = useAction(async () => {
    setResult(undefined);
    const ping = await client.get<Ping>(`/connections/${record._id}/ping`).catch((error: unknown) => {
      throw inPlainWords(error, record);
    });
    if (ping.status === undefined) throw new ApiError(502, ping.errors ?? [NO_ANSWER]);
    // The test counts without it.
    const answer = await answerOf(client, record, ping.status).catch(() => undefined);
    setResult({ isOnline: ping.success, status: ping.status, answer });
  });
  return { ...action, result };
}

const NO_ANSWER = { code: 'connection_failed', message: 'The application did not answer.' };

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

/** The same request once more, by the proxy, which removes credentials from the answer. */
async function answerOf(client: Client, record: JsonObject, status: number): Promise<string | undefined> {
  const method = textAt(record, 'http.ping.method').toUpperCase() || 'GET';
  const body = method === 'POST' ? textAt(record, 'http.ping.body') : '';
  const uri = textAt(record, 'http.ping.relativeURI') || textAt(record, 'rest.pingRelativeURI');
  const response = await client.fetch('POST', `/connections/${record._id}/proxy`, {
    headers: { 'Integrator-Method': method, 'Integrator-Relative-URI': latin1(uri) },
    ...(body === '' ? {} : { text: body }),
    isForeign: true,
  });
  // Another answer than that to the test: the browser’s own headers may make a difference.
  if (response.status !== status) return undefined;
  const type = response.headers.get('content-type') ?? '';
  const bytes = await firstBytes(response);
  if (bytes.length === 0) return undefined;
  if (!/^text\/|json|xml|javascript|x-www-form-urlencoded/.test(type)) return `(${type || 'no text'})`;
  const text = new TextDecoder().decode(bytes, { stream: true });
  return text.length > ANSWER_CHARS ? `${text.slice(0, ANSWER_CHARS)}…` : text;
}

/** A header takes only these characters: the server reads them as UTF-8. */
const latin1 = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text));

async function firstBytes(response: Response): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return new Uint8Array();
  const chunks: number[] = [];
  for (let next = await reader.read(); !next.done && chunks.length < ANSWER_BYTES; next = await reader.read()) {
    chunks.push(...next.value.subarray(0, ANSWER_BYTES - chunks.length));
  }
  void reader.cancel();
  return Uint8Array.from(chunks);
}
