/** Every error of the API: code, status and default message (contract 3 to 6). */
import { shorten } from './shorten.ts';

/** Entries of one response. */
export const ERRORS_MAX = 100;
export const FIELD_CHARS = 200;
const MESSAGE_CHARS = 2_000;

const table = {
  invalid_json: [400, 'The body is not JSON.'],
  invalid_query_params: [400, 'The query parameters are not valid.'],
  bad_request: [400, 'The request is not valid.'],
  unauthorized: [401, 'A valid bearer token is required.'],
  access_restricted: [403, 'The token does not allow this.'],
  host_not_allowed: [403, 'This server does not answer requests for this Host.'],
  not_found: [404, 'Nothing exists at this address.'],
  method_not_allowed: [405, 'The method is not allowed here.'],
  request_timeout: [408, 'The request took too long to arrive.'],
  conflict: [409, 'Someone else has changed the record. Nothing was stored.'],
  already_there: [409, 'Something else already exists there. Nothing was changed.'],
  flow_changed: [409, 'The exports or steps of the flow have changed since its job began.'],
  flow_running: [409, 'The flow has a job that has not ended.'],
  update_in_progress: [409, 'The integration is being updated.'],
  precondition_failed: [412, 'The current version does not match If-Match or If-None-Match.'],
  request_too_large: [413, 'The body is too large.'],
  unsupported_media_type: [415, 'The body must be application/json.'],
  expectation_failed: [417, 'Expect may only be 100-continue.'],
  run_elsewhere: [421, 'The run of this token is on another node. Use the address that the run was given.'],
  missing_required_field: [422, 'A required field is missing.'],
  idempotency_mismatch: [422, 'This Idempotency-Key was used for another request.'],
  invalid_field: [422, 'The value of a field is not valid.'],
  field_locked_by_integration_app: [422, 'The field belongs to the connector of this integration.'],
  invalid_ref: [422, 'A field refers to a record that does not exist.'],
  has_dependencies: [422, 'Other records refer to this one.'],
  uninstall_required: [422, 'A connector installed this integration. Uninstall it, or delete it with ?force=true.'],
  not_a_connector_integration: [422, 'No connector installed this integration.'],
  permission_denied: [403, 'The manifest or the operator does not permit this address.'],
  connection_offline: [422, 'The application refused the connection.'],
  connection_failed: [502, 'The application did not answer.'],
  exchange_refused: [502, 'The request cannot be sent, or its answer cannot be passed on.'],
  integration_too_large: [422, 'The integration would become too large. Nothing was changed.'],
  invalid_backup: [422, 'The backup cannot be used.'],
  credentials_unreadable: [422, 'The key that encrypted the credentials is missing.'],
  not_uploaded: [422, 'The bundle was not uploaded. Remove it from the connectors folder.'],
  connector_unavailable: [422, "The connector's bundle is missing or broken."],
  object_not_found: [422, 'The connector has no such section.'],
  invalid_function: [422, 'The connector has no such function.'],
  invalid_extension_response: [422, "The function's answer is not plain JSON."],
  response_size_exceeded: [422, "The function's answer is too large."],
  run_timeout: [422, 'The function did not finish in time.'],
  cpu_limit_exceeded: [422, 'The function used too much CPU time.'],
  memory_limit_exceeded: [422, 'The function used too much memory.'],
  sandbox_crashed: [422, 'The function crashed its process.'],
  never_answered: [422, 'The function did not answer and left nothing pending.'],
  cancelled: [422, 'The run was cancelled.'],
  rate_limited: [429, 'Too many requests. Try again later.'],
  headers_too_large: [431, "The request's headers are too large."],
  internal_error: [500, 'The server failed. The log has the details.'],
  overloaded: [503, 'Too much is running. Try again later.'],
  sandbox_restarted: [503, 'Another run crashed the process. Nothing was changed. Try again.'],
  store_unavailable: [503, 'The store cannot be written at the moment. Nothing was changed.'],
  store_locked: [503, 'Another process uses the data folder.'],
  shutting_down: [503, 'The server is shutting down.'],
  store_full: [507, 'The disk is full. Nothing was changed.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type ErrorCode = keyof typeof table;

export const statusOf = (code: ErrorCode): number => table[code][0];

const RETRY_AFTER_MS = 1_000;

/** One entry of an error reply. `code` is stable, `message` may change, `field` is a dotted path. */
export interface ErrorItem {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
}

/** An error that is replied as `{"errors":[…]}`. Never a bug of the runtime. */
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

  /** Code of the first entry. */
  get code(): string {
    return this.errors[0]?.code ?? 'internal_error';
  }
}

export interface Detail {
  readonly message?: string | undefined;
  readonly field?: string | undefined;
  /** For status 429 and 503. */
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

/** One 422 for several invalid fields. */
export function fieldErrors(fields: readonly { code: ErrorCode; field: string; message?: string }[]): RequestError {
  return new RequestError(
    422,
    fields.slice(0, ERRORS_MAX).map(({ code, ...detail }) => item(code, detail)),
  );
}
