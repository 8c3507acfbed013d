/** Arguments of a connector's functions (contract 5). */
import type { Json, JsonObject } from '../json.ts';

/**
 * A function's argument: the call's body and the runtime's keys, which take precedence.
 *
 * @example
 * import type { RunOptions } from 'bulkhead/sdk';
 *
 * async function greet({ name = 'world', _integrationId }: RunOptions<{ name?: string }>) {
 *   console.log(`greeting for ${_integrationId}`);
 *   return { text: `Hello, ${name}!` };
 * }
 */
export type RunOptions<Body = { readonly [key: string]: Json | undefined }> = Body & {
  /** The run's integration: 24 hex digits. */
  readonly _integrationId: string;
  readonly _connectorId: string;
  /** The manifest's `opts`. */
  readonly opts: JsonObject;
  /** Valid for this run and its integration. `fetch` to the runtime adds it automatically. */
  readonly bearerToken: string;
};

/** Only the first call counts. The caller gets an error's `code` and `message`; an `error` of another type is sent as it is. */
export type Callback<Result = unknown> = (error?: unknown, result?: Result) => void;
