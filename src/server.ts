/** The HTTP server: listens, and closes after running requests have been answered. */
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerClientError } from './client-error.ts';
import type { Activity } from './integration/activity.ts';

// An import would touch every export of the module, one of which loads Node's own `fetch`: 15 MB, 40 ms.
const { createServer } = process.getBuiltinModule('node:http');

export type RequestHandler = (...args: Parameters<RequestListener>) => Promise<unknown>;

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  /** How long an idle connection stays open. A load balancer in front should close it earlier. */
  readonly keepAliveMs: number;
}

export class HttpServer {
  readonly #listener: RequestListener;
  readonly #options: ServerOptions;
  #server: Server | undefined;
  #listening: Promise<Server> | undefined;
  #isClosed = false;

  /** @param activity counts running requests */
  constructor(handle: RequestHandler, activity: Activity, options: ServerOptions) {
    this.#options = options;
    this.#listener = (request, response) => {
      activity.begin();
      response.once('close', () => activity.end());
      void handle(request, response);
    };
  }

  /** For servers that answer `Expect: 100-continue` themselves, as Node's does by default. */
  get listener(): RequestListener {
    return (request, response) => {
      if (request.headers.expect !== undefined) delete request.headers.expect;
      this.#listener(request, response);
    };
  }

  /** Of the actual host and port, or the configured ones before `listen`. */
  get url(): string {
    const { host } = this.#options;
    const { port } = (this.#server?.address() ?? this.#options) as Pick<AddressInfo, 'port'>;
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  get isListening(): boolean {
    return this.#server !== undefined;
  }

  /** A second call returns the same server. Rejects after `stopListening`. */
  listen(): Promise<Server> {
    this.#listening ??= this.#listen().catch((error) => {
      // Allow another attempt: the port may be free then.
      this.#listening = undefined;
      throw error;
    });
    return this.#listening;
  }

  async #listen(): Promise<Server> {
    if (this.#isClosed) throw new Error('the runtime is closed');
    const { host, port, keepAliveMs } = this.#options;
    // Node would refuse some requests without a body. These listeners say why.
    const server = createServer({ keepAliveTimeout: keepAliveMs, requireHostHeader: false }, this.listener)
      .on('checkContinue', this.#listener)
      .on('checkExpectation', this.#listener)
      .on('clientError', answerClientError);
    server.listen(port, host);
    await once(server, 'listening');
    this.#server = server;
    if (this.#isClosed) this.stopListening();
    return server;
  }

  /** Accepts no more connections. */
  stopListening(): void {
    this.#isClosed = true;
    this.#server?.close();
    this.#server?.closeIdleConnections();
  }

  /** Closes the remaining connections. */
  async close(): Promise<void> {
    await this.#listening?.catch(() => {
      // The caller of `listen` has the error.
    });
    const server = this.#server;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
}
