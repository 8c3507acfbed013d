/** The HTTP server: listens, says where, and ends when what it is answering has been answered. */
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerClientError } from './client-error.ts';
import type { Activity } from './integration/activity.ts';

// An import reads all that the module exports, and Node then loads its own `fetch` for some of it: 15 MB, 40 ms.
const { createServer } = process.getBuiltinModule('node:http');

export type RequestHandler = (...args: Parameters<RequestListener>) => Promise<unknown>;

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  /** How long a connection is kept for the next request; a balancer in front should drop it first. */
  readonly keepAliveMs: number;
}

export class HttpServer {
  readonly #listener: RequestListener;
  readonly #options: ServerOptions;
  #server: Server | undefined;
  #listening: Promise<Server> | undefined;
  #isClosed = false;

  /** @param activity what is being answered is counted in it */
  constructor(handle: RequestHandler, activity: Activity, options: ServerOptions) {
    this.#options = options;
    this.#listener = (request, response) => {
      activity.begin();
      response.once('close', () => activity.end());
      void handle(request, response);
    };
  }

  /** For a server that asks for bodies itself, as Node's does unless it is told otherwise. */
  get listener(): RequestListener {
    return (request, response) => {
      if (request.headers.expect !== undefined) delete request.headers.expect;
      this.#listener(request, response);
    };
  }

  /** Of the host and port that are listened on, or would be. */
  get url(): string {
    const { host } = this.#options;
    const { port } = (this.#server?.address() ?? this.#options) as Pick<AddressInfo, 'port'>;
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  get isListening(): boolean {
    return this.#server !== undefined;
  }

  /** A second call gives the same server. Rejects after `stopListening`. */
  listen(): Promise<Server> {
    this.#listening ??= this.#listen().catch((error) => {
      // The port may be free the next time.
      this.#listening = undefined;
      throw error;
    });
    return this.#listening;
  }

  async #listen(): Promise<Server> {
    if (this.#isClosed) throw new Error('the runtime is closed');
    const { host, port, keepAliveMs } = this.#options;
    // Node answers some of what it refuses without a body; the application says why.
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

  /** Takes no new connection. */
  stopListening(): void {
    this.#isClosed = true;
    this.#server?.close();
    this.#server?.closeIdleConnections();
  }

  /** Ends the connections that are left. */
  async close(): Promise<void> {
    await this.#listening?.catch(() => {
      // Who asked for it has been told.
    });
    const server = this.#server;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
}
