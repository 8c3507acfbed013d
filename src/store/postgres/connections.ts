/** This node's connections to PostgreSQL. Nobody waits for one, or for its answer, without a limit. */
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { StoreError } from '../store.ts';
import { connectError, isServerFull, isUnknownSetting } from './database-errors.ts';

/** Connections of this node. A balanced pair of nodes stays well below PostgreSQL's default of 100. */
const CONNECTIONS = 16;
/** Waiting for a connection: of the pool, or of a server that does not answer. */
export const CONNECT_MS = 4_000;
/** Between two attempts while other users have all connections of the server. */
const FULL_RETRY_MS = 100;
/** Beyond this the server gives up on a statement, and says that nothing was changed. */
const STATEMENT_MS = 8_000;
/** Beyond this the client gives up, too. */
const ANSWER_MS = 10_000;
/** Beyond this the server rolls back what a node that is cut off has begun, and frees its rows. */
const IDLE_TRANSACTION_MS = 10_000;
const IDLE_MS = 30_000;
/** The kernel then asks every second whether the other side is there, ten times. */
const KEEP_ALIVE_MS = 5_000;
/** For all steps, and for other nodes that are migrating. */
const MIGRATE_MS = 600_000;

export const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS } as const;

export class Connections {
  readonly #url: string;
  readonly #sockets = new Set<Socket>();
  /** False behind a pooler that refuses such settings: the client's limits remain. */
  #hasServerLimits = true;
  #pool: Pool;
  /** The database does not answer. */
  #isSuspended = false;
  #isClosed = false;

  private constructor(url: string) {
    this.#url = url;
    this.#pool = this.#newPool();
  }

  /** @param prepare is given a connection of its own, whose statements may take minutes @throws StoreError */
  static async open(url: string, prepare: (pool: Pool) => Promise<void>): Promise<Connections> {
    const connections = new Connections(url);
    try {
      await connections.#findLimits();
      await connections.#prepare(prepare);
      return connections;
    } catch (error) {
      await connections.close();
      throw error;
    }
  }

  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** Waits for a connection. @throws StoreError */
  async take(): Promise<PoolClient> {
    const until = performance.now() + CONNECT_MS;
    for (;;) {
      if (this.#isSuspended) throw connectError(new Error('it does not answer'));
      try {
        return await this.#pool.connect();
      } catch (error) {
        // Another connection of the pool may become free meanwhile.
        if (!isServerFull(error) || performance.now() > until) throw connectError(error);
        await delay(FULL_RETRY_MS);
      }
    }
  }

  /**
   * The database does not answer: fails everybody who waits for it, and everybody who comes until `resume`. Packets
   * that are on their way are dropped, or a statement that its caller has given up could still arrive.
   */
  suspend(): void {
    if (this.#isSuspended || this.#isClosed) return;
    this.#isSuspended = true;
    const pool = this.#pool;
    this.#pool = this.#newPool();
    for (const socket of this.#sockets) {
      if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    }
    void pool.end();
  }

  resume(): void {
    this.#isSuspended = false;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#pool.end();
  }

  async #findLimits(): Promise<void> {
    try {
      (await this.#pool.connect()).release();
    } catch (error) {
      if (!isUnknownSetting(error)) throw connectError(error);
      this.#hasServerLimits = false;
      await this.#pool.end();
      this.#pool = this.#newPool();
    }
  }

  async #prepare(prepare: (pool: Pool) => Promise<void>): Promise<void> {
    const pool = this.#poolOf({ max: 1, query_timeout: MIGRATE_MS });
    try {
      await prepare(pool);
    } catch (error) {
      throw error instanceof StoreError ? error : connectError(error);
    } finally {
      await pool.end();
    }
  }

  #newPool(): Pool {
    return this.#poolOf({
      max: CONNECTIONS,
      idleTimeoutMillis: IDLE_MS,
      query_timeout: ANSWER_MS,
      ...(this.#hasServerLimits ? { statement_timeout: STATEMENT_MS } : {}),
      allowExitOnIdle: true,
    });
  }

  #poolOf(config: PoolConfig): Pool {
    const pool = new Pool({
      connectionString: this.#url,
      application_name: 'bulkhead',
      connectionTimeoutMillis: CONNECT_MS,
      ...keepAlive,
      stream: () => this.#newSocket(),
      ...(this.#hasServerLimits ? { idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS } : {}),
      ...config,
    });
    // An idle connection that breaks is replaced when it is needed.
    pool.on('error', () => {});
    // One that breaks within a transaction fails its statements, and tells this as well: unheard, it would end the process.
    pool.on('connect', (client) => client.on('error', () => {}));
    return pool;
  }

  #newSocket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
