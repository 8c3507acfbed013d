/** A network between a node and its database that can be slow, lose everything, and break. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** `vanish`: what is sent is lost, without an error. `refuse`: connections are reset. */
type Mode = 'forward' | 'vanish' | 'refuse';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Something was lost on it: it never goes on. */
  isDead: boolean;
}

export class TcpProxy {
  /** Of the database, through the proxy. */
  readonly url: string;
  /** Of each packet. */
  delayMs = 0;
  #mode: Mode = 'forward';
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #trap: { readonly pattern: string; readonly isHeard: boolean; readonly sprung: () => void } | undefined;

  private constructor(server: Server, database: URL) {
    this.#server = server;
    const url = new URL(database);
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.url = url.href;
    server.on('connection', (client) => this.#accept(client, Number(database.port)));
  }

  /** Closed when the test ends. @param database URL */
  static async to(database: string): Promise<TcpProxy> {
    const proxy = await TcpProxy.open(database);
    onTestFinished(() => proxy.close());
    return proxy;
  }

  /** The same, outside of a test: it is for the caller to close it. */
  static async open(database: string): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, new URL(database));
  }

  /** From now on everything is lost, and nobody is told. */
  vanish(): void {
    this.#mode = 'vanish';
  }

  /** Breaks all connections, and refuses new ones. */
  refuse(): void {
    this.#mode = 'refuse';
    this.breakAll();
  }

  breakAll(): void {
    for (const link of this.#links) this.#break(link);
  }

  restore(): void {
    this.#mode = 'forward';
  }

  close(): void {
    this.#server.close();
    this.breakAll();
  }

  /**
   * Breaks the connection on which the client next sends a text, once.
   *
   * @param isHeard after the server has done what it says, so that only its answer is lost; otherwise before
   * @returns when that has happened
   */
  breakAt(pattern: string, { isHeard }: { readonly isHeard: boolean }): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#trap = { pattern, isHeard, sprung: resolve };
    return promise;
  }

  #accept(client: Socket, port: number): void {
    client.on('error', () => {});
    if (this.#mode === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const server = connect(port, '127.0.0.1');
    server.on('error', () => {});
    const link: Link = { client, server, isDead: false };
    this.#links.add(link);
    client.on('data', (chunk: Buffer) => {
      const trap = this.#trap;
      if (!trap || !chunk.includes(trap.pattern)) return this.#pass(link, server, chunk);
      this.#trap = undefined;
      if (trap.isHeard) {
        server.removeAllListeners('data').once('data', () => this.#break(link));
        server.once('close', trap.sprung);
        server.write(chunk);
      } else {
        this.#break(link);
        trap.sprung();
      }
    });
    server.on('data', (chunk: Buffer) => this.#pass(link, client, chunk));
    client.on('close', () => this.#ended(link, server));
    server.on('close', () => this.#ended(link, client));
  }

  #pass(link: Link, to: Socket, chunk: Buffer): void {
    if (this.#mode === 'vanish') link.isDead = true;
    if (link.isDead) return;
    if (this.delayMs === 0) to.write(chunk);
    else setTimeout(() => to.write(chunk), this.delayMs);
  }

  #ended(link: Link, other: Socket): void {
    if (this.#mode === 'vanish') link.isDead = true;
    if (link.isDead) return;
    this.#links.delete(link);
    setTimeout(() => other.destroy(), this.delayMs);
  }

  #break(link: Link): void {
    this.#links.delete(link);
    link.client.resetAndDestroy();
    link.server.destroy();
  }
}
