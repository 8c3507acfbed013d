/**
 * Webhook messages, in PostgreSQL. Positions count up per export. The row with the last position stays locked until the
 * new message is visible: readers, who remember the last message they read, never miss one that another node stores.
 */
import type { MessageStore, ReceivedMessage, ReceivedTotal } from '../jobs.ts';
import { Batches } from './batches.ts';
import type { Database, Statement } from './database.ts';
import { settle } from './settle.ts';
import { textArray } from './text-array.ts';

/** Most calls that share a statement. */
const CALLS_AT_ONCE = 500;
/** UTF-16 code units per statement, so that encoding it does not block the event loop. */
const STATEMENT_CHARS = 4 * 1024 * 1024;
const REMOVED_AT_ONCE = 1_000;

/** Idempotent: after a lost answer, a repeated message is stored once. */
const receive: Statement = {
  name: 'messages-receive',
  text: `
    WITH message AS (
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
        AS row (integration, export, id, body, number)
    ), counted AS (
      INSERT INTO bulkhead.received_positions AS stored (integration, export, last)
      SELECT integration, export, count(*) FROM message GROUP BY 1, 2 ORDER BY 1, 2
      ON CONFLICT (integration, export) DO UPDATE SET last = stored.last + excluded.last
      RETURNING integration, export, last
    )
    INSERT INTO bulkhead.received_messages (integration, export, id, position, body)
    SELECT integration, export, id,
      last + 1 - row_number() OVER (PARTITION BY integration, export ORDER BY number DESC), body
    FROM message JOIN counted USING (integration, export)
    ON CONFLICT DO NOTHING`,
};

const positionOf = (id: string): string =>
  `coalesce((SELECT position FROM bulkhead.received_messages WHERE id = ${id} AND export = $1), 0)`;

const read: Statement = {
  name: 'messages-read',
  text: `
    SELECT id, integration, body FROM (
      SELECT *, sum(length(body)) OVER (ORDER BY position) AS chars, row_number() OVER (ORDER BY position) AS number
      FROM (
        SELECT * FROM bulkhead.received_messages WHERE export = $1 AND position > ${positionOf('$2')}
        ORDER BY position LIMIT $3
      ) AS next
    ) AS counted
    WHERE chars <= $4 OR number = 1 ORDER BY number`,
};

const acknowledge: Statement = {
  name: 'messages-acknowledge',
  text: `DELETE FROM bulkhead.received_messages WHERE export = $1 AND position <= ${positionOf('$2')}`,
};

/** Skips through the index from one export to the next. */
const exportsWithMessages: Statement = {
  name: 'messages-exports',
  text: `
    WITH RECURSIVE found AS (
      (SELECT integration, export FROM bulkhead.received_messages ORDER BY export, position LIMIT 1)
      UNION ALL
      SELECT next.integration, next.export FROM found, LATERAL (
        SELECT integration, export FROM bulkhead.received_messages AS message
        WHERE message.export > found.export ORDER BY export, position LIMIT 1
      ) AS next
    )
    SELECT integration, export FROM found`,
};

const count: Statement = {
  name: 'messages-count',
  text: `
    SELECT count(*)::int AS count, coalesce(sum(octet_length(body)), 0)::float8 AS bytes
    FROM (SELECT body FROM bulkhead.received_messages WHERE export = $1 LIMIT $2) AS message`,
};

const page: Statement = {
  name: 'messages-page',
  text: `
    SELECT integration, export, id, body FROM bulkhead.received_messages
    WHERE $1::text IS NULL
      OR (export, position) > (SELECT export, position FROM bulkhead.received_messages WHERE id = $1 LIMIT 1)
    ORDER BY export, position LIMIT $2`,
};

const forgetSome: Statement = {
  name: 'messages-forget',
  text: `
    WITH gone AS (
      DELETE FROM bulkhead.received_messages WHERE (integration, export, id) IN (
        SELECT integration, export, id FROM bulkhead.received_messages WHERE integration = $1 LIMIT ${REMOVED_AT_ONCE}
      ) RETURNING id
    )
    SELECT count(*)::int AS count FROM gone`,
};

const forgetPositions: Statement = {
  name: 'messages-forget-positions',
  text: 'DELETE FROM bulkhead.received_positions WHERE integration = $1',
};

interface MessageRow {
  readonly id: string;
  readonly integration: string;
  readonly export: string;
  readonly body: string;
}

export class PostgresReceivedMessages implements MessageStore {
  readonly #database: Database;
  readonly #batches: Batches<readonly ReceivedMessage[], undefined>;

  constructor(database: Database) {
    this.#database = database;
    this.#batches = new Batches({
      // Keeps the messages' order.
      atOnce: 1,
      size: CALLS_AT_ONCE,
      weight: { of: charsIn, limit: STATEMENT_CHARS },
      answer: (calls) => this.#store(calls),
    });
  }

  async receive(messages: readonly ReceivedMessage[]): Promise<void> {
    if (messages.length > 0) await this.#batches.ask(messages);
  }

  async read(
    exportId: string,
    { after = '', limit, chars }: Parameters<MessageStore['read']>[1],
  ): Promise<ReceivedMessage[]> {
    const rows = await this.#database.query<MessageRow>(read, [exportId, after, limit, chars]);
    return rows.map((row) => messageOf({ ...row, export: exportId }));
  }

  async acknowledge(exportId: string, throughId: string): Promise<void> {
    await this.#database.query(acknowledge, [exportId, throughId]);
  }

  async exports(): Promise<{ integrationId: string; exportId: string }[]> {
    const rows = await this.#database.query<MessageRow>(exportsWithMessages);
    return rows.map((row) => ({ integrationId: row.integration, exportId: row.export }));
  }

  async count(exportId: string, limit: number): Promise<ReceivedTotal> {
    const [row] = await this.#database.query<ReceivedTotal>(count, [exportId, limit]);
    return row ?? { count: 0, bytes: 0 };
  }

  async page(after: string | undefined, limit: number): Promise<ReceivedMessage[]> {
    return (await this.#database.query<MessageRow>(page, [after ?? null, limit])).map(messageOf);
  }

  async forget(integrationId: string): Promise<void> {
    for (;;) {
      const [row] = await this.#database.query<{ count: number }>(forgetSome, [integrationId]);
      if ((row?.count ?? 0) < REMOVED_AT_ONCE) break;
    }
    await this.#database.query(forgetPositions, [integrationId]);
  }

  async #store(calls: readonly (readonly ReceivedMessage[])[]): Promise<undefined[]> {
    const messages = calls.flat();
    const columns = [
      messages.map(({ integrationId }) => integrationId),
      messages.map(({ exportId }) => exportId),
      messages.map(({ _id }) => _id),
      messages.map(({ body }) => body),
    ].map(textArray);
    await settle(
      () => this.#database.query(receive, columns),
      () => {},
    );
    return calls.map(() => undefined);
  }
}

const charsIn = (messages: readonly ReceivedMessage[]): number =>
  messages.reduce((chars, { body }) => chars + body.length, 0);

const messageOf = ({ id, integration, export: exportId, body }: MessageRow): ReceivedMessage => ({
  _id: id,
  integrationId: integration,
  exportId,
  body,
});
