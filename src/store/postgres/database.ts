/** The connection to PostgreSQL: a pool, its limits, and what its errors mean. */
import { hash } from 'node:crypto';
import { DatabaseError, Pool, type PoolClient, type PoolConfig, type QueryResultRow } from 'pg';
import { StoreError } from '../store.ts';
import { migrate } from './migrations.ts';

/** Connections of this node. A balanced pair of nodes stays well below PostgreSQL's default of 100. */
const CONNECTIONS = 16;
/** Waiting for a connection: of the pool, or of a server that does not answer. */
const CONNECT_MS = 5_000;
/** Beyond this the client gives up on a statement. */
const STATEMENT_MS = 10_000;
const IDLE_MS = 30_000;

/** A value of a statement's parameter. */
export type Value = string | number | boolean | null | Buffer | readonly (string | number | null)[];

/** SQL. With a name it is prepared once on each connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

export type Query = <Row extends QueryResultRow>(statement: Statement, values?: readonly Value[]) => Promise<Row[]>;

/**
 * Ends a statement whose changes survive a crash of the node, but maybe not of the database: its commit does not wait
 * for the disk. The changes before it are its `WITH`. PostgreSQL evaluates a SELECT for certain only where it is last.
 */
export const NO_WAIT_FOR_DISK = `SELECT set_config('synchronous_commit', 'off', true)`;

export class Database {
  readonly #pool: Pool;
  /** Why the database could not be used last; undefined if it could. */
  #problem: StoreError | undefined;
  /** False behind a pooler that gives a session another connection for each transaction, as old PgBouncers do. */
  #canPrepare = true;
  readonly #preparedNames = new WeakMap<Statement, string>();

  private constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Connects, and brings the schema up to date. @throws StoreError `store_unavailable` */
  static open(url: string): Promise<Database> {
    return Database.#connect(url, migrate);
  }

  /** Connects to a database as it is. @throws StoreError `store_unavailable` */
  static openAsIs(url: string): Promise<Database> {
    return Database.#connect(url, async (pool) => (await pool.connect()).release());
  }

  static async #connect(url: string, prepare: (pool: Pool) => Promise<void>): Promise<Database> {
    const pool = poolOf(url, {
      max: CONNECTIONS,
      idleTimeoutMillis: IDLE_MS,
      query_timeout: STATEMENT_MS,
      application_name: 'bulkhead',
      keepAlive: true,
      allowExitOnIdle: true,
    });
    // Without a limit for a statement: it waits for other nodes, however long they migrate.
    const preparing = poolOf(url, { max: 1 });
    try {
      await prepare(preparing);
    } catch (error) {
      await pool.end();
      throw storeErrorOf(error) ?? openError(error as Error);
    } finally {
      await preparing.end();
    }
    return new Database(pool);
  }

  get problem(): StoreError | undefined {
    return this.#problem;
  }

  /** Runs one statement, which is a transaction. @throws StoreError if the database cannot be used */
  query<Row extends QueryResultRow>(statement: Statement, values: readonly Value[] = []): Promise<Row[]> {
    return this.#observe(() => this.#queryOn<Row>(this.#pool, statement, values));
  }

  /** Runs several statements in one transaction. Rolls back if `work` throws. @throws StoreError */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#observe(async () => {
      const client = await this.#pool.connect();
      let failure: Error | undefined;
      try {
        await client.query('BEGIN');
        const result = await work((statement, values = []) => this.#queryOn(client, statement, values));
        await client.query('COMMIT');
        return result;
      } catch (error) {
        // A connection that cannot roll back is not used again.
        await client.query('ROLLBACK').catch((reason) => {
          failure = reason;
        });
        throw error;
      } finally {
        client.release(failure);
      }
    });
  }

  async #queryOn<Row extends QueryResultRow>(
    on: Pool | PoolClient,
    statement: Statement,
    values: readonly Value[],
  ): Promise<Row[]> {
    const name = this.#canPrepare ? this.#preparedName(statement) : undefined;
    return (await on.query<Row>({ name, text: statement.text, values: [...values] })).rows;
  }

  /** Equal names are equal texts: a pooler's connections may hold statements of another version of this program. */
  #preparedName(statement: Statement): string | undefined {
    const { name, text } = statement;
    if (name === undefined) return undefined;
    let prepared = this.#preparedNames.get(statement);
    if (prepared === undefined) {
      prepared = `${name}-${hash('sha256', text).slice(0, 16)}`;
      this.#preparedNames.set(statement, prepared);
    }
    return prepared;
  }

  async #observe<T>(work: () => Promise<T>, isRepeated = false): Promise<T> {
    try {
      const result = await work();
      this.#problem = undefined;
      return result;
    } catch (error) {
      if (!isRepeated && isPreparedElsewhere(error)) {
        // Nothing was done: a pooler gave this session another connection of its own.
        this.#canPrepare = false;
        return this.#observe(work, true);
      }
      const problem = error instanceof StoreError ? error : storeErrorOf(error);
      if (!problem) throw error;
      this.#problem = problem;
      throw problem;
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (!this.#pool.ended) await this.#pool.end();
  }
}

function poolOf(url: string, config: PoolConfig): Pool {
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, ...config });
  // An idle connection that breaks is replaced when it is needed.
  pool.on('error', () => {});
  // One that breaks within a transaction fails its statements, and tells this as well: unheard, it would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** SQLSTATE of a prepared statement that is not there, or is there already. */
const PREPARED_ELSEWHERE: readonly unknown[] = ['26000', '42P05'];
const isPreparedElsewhere = (error: unknown): boolean =>
  PREPARED_ELSEWHERE.includes((error as { code?: unknown }).code);

/** The server refuses something of the connection or the schema. Its message says what, without the password. */
const openError = (error: Error): Error =>
  error instanceof DatabaseError
    ? new StoreError('store_unavailable', `The database cannot be used (${error.message}).`, { cause: error })
    : error;

/**
 * Classes of SQLSTATE that do not blame the statement: connection (08), resources (53), operator (57), system (58),
 * internal (XX), and a server that takes no writes, as after a failover (25006).
 */
const UNAVAILABLE = /^(?:08|53|57|58|XX|25006)/;
const DISK_FULL = '53100';

/** Undefined for an error that is ours. */
function storeErrorOf(error: unknown): StoreError | undefined {
  const { code = '', message } = error as { code?: string; message: string };
  // Other errors are the driver's or the network's. Their codes, such as EPIPE, can look like an SQLSTATE.
  if (error instanceof DatabaseError && !UNAVAILABLE.test(code)) return undefined;
  if (code === DISK_FULL) return new StoreError('store_full', 'The database has no space left.', { cause: error });
  return new StoreError('store_unavailable', `The database cannot be used (${code || message}).`, { cause: error });
}
