/** What a connector's function is called with (contract 5). */
import type { Json, JsonObject } from '../json.ts';

/**
 * The one argument of a function: the call's body, and the runtime's keys, which win.
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
  /** Whose run it is: 24 hex digits. */
  readonly _integrationId: string;
  readonly _connectorId: string;
  /** The manifest's `opts`. */
  readonly opts: JsonObject;
  /** For this run and its own integration; `fetch` to the runtime adds it by itself. */
  readonly bearerToken: string;
};

/** The first answer counts. What is not an error goes out as it is; an error's `code` and `message` reach the caller. */
export type Callback<Result = unknown> = (error?: unknown, result?: Result) => void;
