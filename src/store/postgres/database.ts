/** Runs statements and transactions on PostgreSQL, and says what their errors mean. */
import { hash } from 'node:crypto';
import type { PoolClient, QueryResultRow } from 'pg';
import { StoreError } from '../store.ts';
import { Connections } from './connections.ts';
import { isAnswer, isInTheWay, isPreparedElsewhere, statementError } from './database-errors.ts';
import { migrate } from './migrations.ts';

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

const BEGIN: Statement = { text: 'BEGIN' };
const COMMIT: Statement = { text: 'COMMIT' };

export class Database {
  readonly #connections: Connections;
  /** Why the database could not be used last; undefined if it could. */
  #problem: StoreError | undefined;
  /** False behind a pooler that gives a session another connection for each transaction, as old PgBouncers do. */
  #canPrepare = true;
  readonly #preparedNames = new WeakMap<Statement, string>();

  private constructor(connections: Connections) {
    this.#connections = connections;
  }

  /** Connects, and brings the schema up to date. @throws StoreError `store_unavailable` */
  static async open(url: string): Promise<Database> {
    return new Database(await Connections.open(url, migrate));
  }

  /** Connects to a database as it is. @throws StoreError `store_unavailable` */
  static async openAsIs(url: string): Promise<Database> {
    return new Database(await Connections.open(url, async () => {}));
  }

  get problem(): StoreError | undefined {
    return this.#problem;
  }

  /** Runs one statement, which is a transaction. @throws StoreError if the database cannot be used */
  query<Row extends QueryResultRow>(statement: Statement, values: readonly Value[] = []): Promise<Row[]> {
    return this.#observe(() =>
      this.#onConnection((client) => this.#run<Row>(client, statement, values, { isLast: true })),
    );
  }

  /** Runs several statements in one transaction. Rolls back if `work` throws. @throws StoreError */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#observe(() =>
      this.#onConnection(async (client) => {
        const query: Query = (statement, values = []) => this.#run(client, statement, values, { isLast: false });
        await query(BEGIN);
        const result = await work(query);
        await this.#run(client, COMMIT, [], { isLast: true });
        return result;
      }),
    );
  }

  /** The database does not answer: everything fails at once until `resume`. */
  suspend(): void {
    this.#problem = new StoreError('store_unavailable', 'The database does not answer.');
    this.#connections.suspend();
  }

  resume(): void {
    this.#connections.resume();
  }

  /** Idempotent. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  async #onConnection<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connections.take();
    let failure: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      failure = await broken(client, error as Error);
      throw error;
    } finally {
      client.release(failure);
    }
  }

  async #run<Row extends QueryResultRow>(
    client: PoolClient,
    statement: Statement,
    values: readonly Value[],
    place: { readonly isLast: boolean },
  ): Promise<Row[]> {
    const name = this.#canPrepare ? this.#preparedName(statement) : undefined;
    try {
      return (await client.query<Row>({ name, text: statement.text, values: [...values] })).rows;
    } catch (error) {
      throw statementError(error, place);
    }
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
      const isProblem = error instanceof StoreError && !isInTheWay(error) && !this.#connections.isSuspended;
      if (isProblem) this.#problem = error;
      throw error;
    }
  }
}

/** Rolls back what `work` has begun. @returns why the connection must not be used again */
async function broken(client: PoolClient, error: Error): Promise<Error | undefined> {
  // What did not answer once is not asked again: its end rolls back, too.
  if (error instanceof StoreError && !isAnswer(error.cause)) return error;
  if (client.getTransactionStatus() === 'I') return undefined;
  return client.query('ROLLBACK').then(
    () => undefined,
    (reason: Error) => reason,
  );
}
