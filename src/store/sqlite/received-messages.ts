/** Webhook messages, in SQLite. Rows are in order of arrival, which may differ from the order of ids. */
import type { StatementSync } from 'node:sqlite';
import type { MessageStore, ReceivedMessage, ReceivedTotal } from '../jobs.ts';
import type { Database } from './database.ts';
import { type SlicedRemoval, slicedRemoval } from './slices.ts';

/** Size of a transaction, to bound its time on the event loop. A single message may be larger. */
const WRITE_CHARS = 1024 * 1024;

interface Waiting extends PromiseWithResolvers<void> {
  readonly messages: readonly ReceivedMessage[];
}

export class SqliteReceivedMessages implements MessageStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #removeThrough: SlicedRemoval;
  /** Removes all messages of an integration. */
  readonly forget: SlicedRemoval;
  #waiting: Waiting[] = [];

  constructor(database: Database) {
    this.#database = database;
    const { sqlite } = database;
    this.#insert = sqlite.prepare('INSERT OR IGNORE INTO messages (id, integration, export, body) VALUES (?, ?, ?, ?)');
    this.#select = sqlite.prepare(
      'SELECT id, integration, body FROM messages WHERE export = ? AND position > ? ORDER BY position LIMIT ?',
    );
    this.#removeThrough = slicedRemoval(database, 'messages', 'export = ? AND position <= ?');
    this.forget = slicedRemoval(database, 'messages', 'integration = ?');
  }

  receive(messages: readonly ReceivedMessage[]): Promise<void> {
    const waiting = { messages, ...Promise.withResolvers<void>() };
    this.#waiting.push(waiting);
    if (this.#waiting.length === 1) setImmediate(() => this.#write());
    return waiting.promise;
  }

  /** Writes all waiting messages. */
  close(): void {
    while (this.#waiting.length > 0) this.#write();
  }

  async read(
    exportId: string,
    { after, limit, chars }: { readonly after?: string | undefined; readonly limit: number; readonly chars: number },
  ): Promise<ReceivedMessage[]> {
    const found: ReceivedMessage[] = [];
    let length = 0;
    for (const { id, integration, body } of this.#select.iterate(exportId, this.#positionOf(after), limit)) {
      const text = String(body);
      length += text.length;
      if (length > chars && found.length > 0) break;
      found.push({ _id: String(id), integrationId: String(integration), exportId, body: text });
    }
    return found;
  }

  async acknowledge(exportId: string, throughId: string): Promise<void> {
    await this.#removeThrough(exportId, this.#positionOf(throughId));
  }

  async exports(): Promise<{ integrationId: string; exportId: string }[]> {
    // Skips from export to export through the index, because each may have many messages.
    const next = this.#database.sqlite.prepare(
      'SELECT integration, export FROM messages WHERE export > ? ORDER BY export, position LIMIT 1',
    );
    const found: { integrationId: string; exportId: string }[] = [];
    for (let last = ''; ; ) {
      const row = next.get(last);
      if (!row) return found;
      last = String(row.export);
      found.push({ integrationId: String(row.integration), exportId: last });
    }
  }

  async count(exportId: string, limit: number): Promise<ReceivedTotal> {
    const total = this.#database.sqlite.prepare(
      `SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes
      FROM (SELECT octet_length(body) AS bytes FROM messages WHERE export = ? LIMIT ?)`,
    );
    const { count, bytes } = total.get(exportId, limit) ?? {};
    return { count: Number(count), bytes: Number(bytes) };
  }

  async page(after: string | undefined, limit: number): Promise<ReceivedMessage[]> {
    const { sqlite } = this.#database;
    const last = after === undefined ? undefined : sqlite.prepare('SELECT * FROM messages WHERE id = ?').get(after);
    const select = sqlite.prepare(
      'SELECT * FROM messages WHERE (export, position) > (?, ?) ORDER BY export, position LIMIT ?',
    );
    const rows = select.all(String(last?.export ?? ''), Number(last?.position ?? 0), limit);
    return rows.map(({ id, integration, export: exportId, body }) => ({
      _id: String(id),
      integrationId: String(integration),
      exportId: String(exportId),
      body: String(body),
    }));
  }

  /** 0 for a message that is gone: earlier ones are gone, too, so all others are after it. */
  #positionOf(id: string | undefined): number {
    if (id === undefined) return 0;
    return Number(this.#database.sqlite.prepare('SELECT position FROM messages WHERE id = ?').get(id)?.position ?? 0);
  }

  #write(): void {
    const batch = this.#takeBatch();
    if (this.#waiting.length > 0) setImmediate(() => this.#write());
    if (batch.length === 0) return;
    try {
      this.#database.durably(() =>
        this.#database.transaction(() => {
          for (const { messages } of batch) for (const message of messages) this.#insertOne(message);
        }),
      );
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  #takeBatch(): Waiting[] {
    let chars = 0;
    const end = this.#waiting.findIndex(({ messages }, index) => {
      for (const { body } of messages) chars += body.length;
      return index > 0 && chars > WRITE_CHARS;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  #insertOne({ _id, integrationId, exportId, body }: ReceivedMessage): void {
    this.#insert.run(_id, integrationId, exportId, body);
  }
}
