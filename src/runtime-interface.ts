/** What an embedding application sees of the runtime. */
import type { RequestListener, Server } from 'node:http';
import type { Logger } from 'pino';
import type { Section } from './integration/dispatch.ts';
import type { Integration } from './integration/integration.ts';
import type { Json, JsonObject } from './json.ts';
import type { Options } from './options.ts';

export type RuntimeOptions = Partial<Options> & {
  /** Where the log goes; without it nothing is logged. */
  readonly logger?: Logger;
  /** Called when nothing has run for so long that the last compartment has gone; whoever has memory to give back may. */
  readonly onRest?: () => void;
};

export interface Runtime {
  /** The administrator's token, if this start has made it; shown once, kept nowhere. */
  readonly newToken: string | undefined;
  /** Base of links: the public URL, or host and port. */
  readonly url: string;
  /** Request listener for a server of yours. */
  callback(): RequestListener;
  /** Serves on the options' host and port; a second call gives the same server. Rejects after `close`. */
  listen(): Promise<Server>;
  install(connectorId: string, options?: { tag?: string; sandbox?: boolean; name?: string }): Promise<Integration>;
  /** Calls a function; resolves to its answer. */
  call(integrationId: string, section: Section, name: string, options?: JsonObject): Promise<Json>;
  uninstall(integrationId: string, options?: { force?: boolean }): Promise<Json>;
  /** Settles when the bundles that lay there at the start have been looked at. */
  ready(): Promise<void>;
  /**
   * Takes no new request, gives what is running `drainMs` (default 10 s), ends. Idempotent. From its call
   * on, `install`, `call`, `uninstall` and requests are refused with `shutting_down`.
   */
  close(options?: { drainMs?: number }): Promise<void>;
}
