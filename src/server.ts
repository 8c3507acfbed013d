/** The HTTP server: listens, says where, and ends when what it is answering has been answered. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Activity } from './integration/activity.ts';

export type RequestHandler = (...args: Parameters<RequestListener>) => Promise<unknown>;

export class HttpServer {
  readonly #listener: RequestListener;
  readonly #host: string;
  readonly #port: number;
  #server: Server | undefined;
  #listening: Promise<Server> | undefined;
  #isClosed = false;

  /** @param activity what is being answered is counted in it */
  constructor(handle: RequestHandler, activity: Activity, host: string, port: number) {
    this.#host = host;
    this.#port = port;
    this.#listener = (request, response) => {
      activity.begin();
      response.once('close', () => activity.end());
      void handle(request, response);
    };
  }

  get listener(): RequestListener {
    return this.#listener;
  }

  /** Of the host and port that are listened on, or would be. */
  get url(): string {
    const { port } = (this.#server?.address() ?? { port: this.#port }) as AddressInfo;
    return `http://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${port}`;
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
    const server = createServer(this.#listener);
    server.listen(this.#port, this.#host);
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
