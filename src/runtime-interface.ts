/** The runtime's interface for embedding applications. */
import type { RequestListener, Server } from 'node:http';
import type { Logger } from 'pino';
import type { CallableSection } from '../sandbox/index.ts';
import type { Integration } from './integration/integration.ts';
import type { Json, JsonObject } from './json.ts';
import type { Options } from './options.ts';

export type RuntimeOptions = Partial<Options> & {
  /** Receives the log; default: no logging. */
  readonly logger?: Logger;
  /** Called when the last idle compartment has ended: a good time to release memory. */
  readonly onRest?: () => void;
};

export interface Runtime {
  /** This node's name; undefined for a server that shares nothing and was given none. */
  readonly node: string | undefined;
  /** The administrator's token, if this start created it. Only its hash is stored. */
  readonly newToken: string | undefined;
  /** Base of links: the public URL, or host and port. */
  readonly url: string;
  /** Request listener for your own server. */
  callback(): RequestListener;
  /** Listens on the configured host and port; a second call returns the same server. Rejects after `close`. */
  listen(): Promise<Server>;
  install(connectorId: string, options?: { tag?: string; sandbox?: boolean; name?: string }): Promise<Integration>;
  /** Calls a connector's function; resolves to its result. */
  call(integrationId: string, section: CallableSection, name: string, options?: JsonObject): Promise<Json>;
  uninstall(integrationId: string, options?: { force?: boolean }): Promise<Json>;
  /** Resolves when the bundles present at start have been scanned. */
  ready(): Promise<void>;
  /**
   * Stops accepting requests, waits up to `drainMs` (default 10 s) for running ones, and closes. Idempotent. Once
   * called, `install`, `call`, `uninstall` and requests are refused with `shutting_down`.
   */
  close(options?: { drainMs?: number }): Promise<void>;
}
