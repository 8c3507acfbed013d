/** This node's connections to PostgreSQL. Every wait for one, or for its answer, has a limit. */
import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { StoreError } from '../store.ts';
import { connectError, isServerFull, isUnknownSetting } from './database-errors.ts';

/** Connections per node. Two nodes stay well below PostgreSQL's default limit of 100. */
const CONNECTIONS = 16;
/** Maximum wait for a connection, whether the pool is busy or the server does not answer. */
export const CONNECT_MS = 4_000;
/** Pause between attempts while the server has no connection left. */
const FULL_RETRY_MS = 100;
/** After this time the server cancels a statement, and nothing is changed. */
const STATEMENT_MS = 8_000;
/** After this time the client gives up, too. */
const ANSWER_MS = 10_000;
/** After this time the server rolls back the transaction of a node that was cut off, and unlocks its rows. */
const IDLE_TRANSACTION_MS = 10_000;
const IDLE_MS = 30_000;
/** Idle time after which the kernel probes the other side, every second, ten times. */
const KEEP_ALIVE_MS = 5_000;
/** One holds the migration lock while the job queue's library migrates on the other. */
const PREPARE_CONNECTIONS = 2;
/** Limit for all steps, including the wait for another node that migrates. */
const MIGRATE_MS = 600_000;

export const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS } as const;

export class Connections {
  readonly #url: string;
  readonly #sockets = new Set<Socket>();
  /** False behind a pooler that refuses these settings; the client's limits still apply. */
  #hasServerLimits = true;
  #pool: Pool;
  /** The database does not answer. */
  #isSuspended = false;
  #isClosed = false;

  private constructor(url: string) {
    this.#url = url;
    this.#pool = this.#newPool();
  }

  /** @param prepare gets connections of its own, whose statements may take minutes @throws StoreError */
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
        // The pool may get a connection back meanwhile.
        if (!isServerFull(error) || performance.now() > until) throw connectError(error);
        await delay(FULL_RETRY_MS);
      }
    }
  }

  /**
   * Call when the database stops answering. Fails all callers, waiting and new, until `resume`. Resets the sockets, so
   * that no statement arrives after its caller has given up.
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
    const pool = this.#poolOf({ max: PREPARE_CONNECTIONS, query_timeout: MIGRATE_MS });
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
    // A broken idle connection is replaced when one is needed.
    pool.on('error', () => {});
    // A broken connection in use fails its statements. It also emits this event, which would end the process if unheard.
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
