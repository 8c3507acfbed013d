/** Every error of the API once: code → status and sentence (contract 3 to 6). */

import { shorten } from './shorten.ts';

/** Entries of one reply; whoever has more to mend finds the rest at the next attempt. */
export const ERRORS_MAX = 100;
export const FIELD_CHARS = 200;
const MESSAGE_CHARS = 2_000;

const table = {
  invalid_json: [400, 'The body is not JSON.'],
  invalid_query_params: [400, 'The query is not understood.'],
  bad_request: [400, 'The request is not understood.'],
  unauthorized: [401, 'A valid bearer token is required.'],
  access_restricted: [403, 'This token does not reach that far.'],
  host_not_allowed: [403, 'The Host of the request is not one that this server answers to.'],
  not_found: [404, 'There is nothing here.'],
  method_not_allowed: [405, 'The method is not allowed here.'],
  request_timeout: [408, 'The request took too long to arrive.'],
  conflict: [409, 'The record was changed in the meantime; nothing was stored.'],
  already_there: [409, 'There is something else already; nothing was changed.'],
  update_in_progress: [409, 'The integration is being updated.'],
  precondition_failed: [412, 'What is there is not what If-Match names.'],
  request_too_large: [413, 'The body is too large.'],
  unsupported_media_type: [415, 'The body must be application/json.'],
  expectation_failed: [417, 'Expect may be 100-continue, and nothing else.'],
  missing_required_field: [422, 'A required field is missing.'],
  idempotency_mismatch: [422, 'This Idempotency-Key came with another request before.'],
  invalid_field: [422, 'A field has a value that it cannot have.'],
  field_locked_by_integration_app: [422, 'The field belongs to the connector of this integration.'],
  invalid_ref: [422, 'A field names a record that is not there.'],
  has_dependencies: [422, 'Records still refer to it.'],
  uninstall_required: [422, 'A connector installed this integration: uninstall it, or delete it with ?force=true.'],
  not_a_connector_integration: [422, 'The integration was not installed by a connector.'],
  permission_denied: [403, 'Neither the connector nor the operator permits this address.'],
  connection_failed: [502, 'The application did not answer.'],
  integration_too_large: [422, 'The integration would hold more than it may; nothing was changed.'],
  invalid_backup: [422, 'The backup cannot be used.'],
  credentials_unreadable: [422, 'The credentials were encrypted with a key that is not there any more.'],
  not_uploaded: [422, 'The bundle lies in the connectors folder and did not come by an upload: remove it there.'],
  connector_unavailable: [422, 'The bundle of the connector is gone or broken.'],
  object_not_found: [422, 'The connector has no such section.'],
  invalid_function: [422, 'The connector has no such function.'],
  invalid_extension_response: [422, 'The function answered with something other than plain JSON.'],
  response_size_exceeded: [422, "The function's answer is too large."],
  run_timeout: [422, 'The function did not end within its time.'],
  cpu_limit_exceeded: [422, 'The function used more CPU time than it may.'],
  memory_limit_exceeded: [422, 'The function used more memory than it may.'],
  sandbox_crashed: [422, 'The function brought its compartment down.'],
  never_answered: [422, 'The function left nothing pending and gave no answer.'],
  cancelled: [422, 'The run was cancelled.'],
  rate_limited: [429, 'Too many requests; try again later.'],
  headers_too_large: [431, 'The headers of the request are too large.'],
  internal_error: [500, 'The runtime failed; the log has the details.'],
  overloaded: [503, 'Too much is going on; try again.'],
  sandbox_restarted: [503, 'Another run brought the compartment down; nothing was changed, try again.'],
  store_unavailable: [503, 'The store cannot be written at the moment; nothing was changed.'],
  store_locked: [503, 'The data folder is in use by another process.'],
  shutting_down: [503, 'The server is shutting down.'],
  store_full: [507, 'The store has no room left; nothing was changed.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type ErrorCode = keyof typeof table;

/** The status that a code is answered with. */
export const statusOf = (code: ErrorCode): number => table[code][0];

const RETRY_AFTER_MS = 1_000;

/** One entry of an error reply. `code` is stable, `message` may change, `field` is a dotted path. */
export interface ErrorItem {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
}

/** Anything that is answered with `{"errors":[…]}`; never an error of ours. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  readonly errors: readonly ErrorItem[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, errors: readonly ErrorItem[], headers: Readonly<Record<string, string>> = {}) {
    super(errors[0]?.message);
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }

  /** The first entry's code. */
  get code(): string {
    return this.errors[0]?.code ?? 'internal_error';
  }
}

export interface Detail {
  readonly message?: string | undefined;
  readonly field?: string | undefined;
  /** Of a 429 or 503. */
  readonly retryAfterMs?: number | undefined;
}

function item(code: ErrorCode, { message, field }: Detail): ErrorItem {
  const text = shorten(message || table[code][1], MESSAGE_CHARS);
  return field === undefined ? { code, message: text } : { code, message: text, field: shorten(field, FIELD_CHARS) };
}

export function requestError(code: ErrorCode, detail: Detail = {}): RequestError {
  const [status] = table[code];
  const headers: Record<string, string> = {};
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer';
  if (status === 503 || status === 429) {
    headers['Retry-After'] = String(Math.ceil((detail.retryAfterMs ?? RETRY_AFTER_MS) / 1_000));
  }
  return new RequestError(status, [item(code, detail)], headers);
}

/** Several wrong fields, or one field that is locked: one reply for the first of them. */
export function fieldErrors(fields: readonly { code: ErrorCode; field: string; message?: string }[]): RequestError {
  return new RequestError(
    422,
    fields.slice(0, ERRORS_MAX).map(({ code, ...detail }) => item(code, detail)),
  );
}
