/**
 * Sends a request to a provider through the guarded outbound client. Repairs common deviations from RFC 6749 in the
 * answer: form encoding, errors with status 200, null for missing fields.
 */
import type { Outbound } from '../broker/outbound.ts';
import type { JsonObject } from '../json.ts';
import { parseOrUndefined } from '../json.ts';
import { ProviderFailure } from './provider-error.ts';

/** Long enough for a slow provider, and shorter than `RENEWAL_MS` (see access-tokens.ts). */
const PROVIDER_MS = 20_000;

/** Limit of an answer, because it is parsed on the event loop. */
const ANSWER_BYTES = 256 * 1024;

/** The part of fetch that oauth4webapi uses. */
type Fetch = (
  url: string,
  options: { readonly method: string; readonly headers: Record<string, string>; readonly body?: unknown },
) => Promise<Response>;

/** @param owner of the connection pool to use */
export function providerFetch(outbound: Outbound, owner: string): Fetch {
  return async (url, { method, headers, body }) => {
    const text = body instanceof URLSearchParams ? body.toString() : '';
    const { status, body: bytes } = await outbound.fetch(
      // Secrets go to the registered address and nowhere else.
      { url, method, headers: Object.entries(headers), body: Buffer.from(text), redirect: 'error' },
      { connectorId: owner, permissions: [new URL(url).origin] },
      AbortSignal.timeout(PROVIDER_MS),
    );
    if (bytes.length > ANSWER_BYTES) throw new ProviderFailure(`The answer is larger than ${ANSWER_BYTES} bytes.`);
    return responseOf(status, bytes.toString());
  };
}

function responseOf(status: number, text: string): Response {
  const answer = answerOf(text);
  const isError = answer !== undefined && typeof answer.error === 'string' && answer.access_token === undefined;
  const shown = status >= 200 && status < 300 ? (isError ? 400 : 200) : status;
  // `Response` allows no other status.
  if (shown < 200 || shown > 599) return new Response(null, { status: 502 });
  return new Response(answer ? JSON.stringify(answer) : text, {
    status: shown,
    headers: answer ? { 'content-type': 'application/json' } : {},
  });
}

/** Undefined if it is neither a JSON object nor form-encoded. */
function answerOf(text: string): JsonObject | undefined {
  const json = parseOrUndefined(text);
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  const answer = isObject ? (json as JsonObject) : formOf(text);
  return answer && withoutGaps(answer);
}

function formOf(text: string): JsonObject | undefined {
  const form = Object.fromEntries(new URLSearchParams(text));
  return form.access_token === undefined && form.error === undefined ? undefined : form;
}

/** Also drops the ID token: it is not used, and the library would need the provider's metadata to check it. */
function withoutGaps({ id_token: _, scope, token_type = 'bearer', ...answer }: JsonObject): JsonObject {
  const filled = Object.entries(answer).filter(([, value]) => value !== null && value !== '');
  const scopes = Array.isArray(scope) ? scope.join(' ') : scope;
  return {
    ...Object.fromEntries(filled),
    token_type: /^(?:dpop|mac)$/i.test(String(token_type)) ? token_type : 'bearer',
    ...(typeof scopes === 'string' && scopes !== '' ? { scope: scopes } : {}),
  };
}
