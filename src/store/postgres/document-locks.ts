/** Locks of integrations that a node updates. They outlast an outage, and end with their node. */
import { StoreError } from '../store.ts';
import type { Database, Statement } from './database.ts';

/** Between two attempts to unlock what could not be unlocked. */
const RETRY_MS = 500;

/** Locks an integration ($1) for a node ($2). */
const LOCK: Statement = {
  name: 'lock',
  text: `
    UPDATE bulkhead.integrations SET locked_by = $2 WHERE integration = $1 AND locked_by IS NULL RETURNING integration`,
};

const UNLOCK: Statement = {
  name: 'unlock',
  text: 'UPDATE bulkhead.integrations SET locked_by = NULL WHERE integration = $1 AND locked_by = $2',
};

export class DocumentLocks {
  readonly #database: Database;
  readonly #node: string;
  /** Integrations that this node has to unlock, and maybe has not yet. */
  readonly #stuck = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(database: Database, node: string) {
    this.#database = database;
    this.#node = node;
  }

  /** @returns false if it is locked already @throws StoreError */
  async lock(integrationId: string): Promise<boolean> {
    if (this.#stuck.has(integrationId)) return false;
    try {
      return (await this.#database.query(LOCK, [integrationId, this.#node])).length > 0;
    } catch (error) {
      if (error instanceof StoreError && error.isOutcomeUnknown) this.#unlockLater(integrationId);
      throw error;
    }
  }

  /** If the database is gone, the lock ends once it is back. */
  async unlock(integrationId: string): Promise<void> {
    try {
      await this.#database.query(UNLOCK, [integrationId, this.#node]);
      this.#stuck.delete(integrationId);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#unlockLater(integrationId);
    }
  }

  /** What is stuck is unlocked by another node, or by this one when it starts again. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #unlockLater(integrationId: string): void {
    this.#stuck.add(integrationId);
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => void this.#unlockStuck(), RETRY_MS);
    this.#timer.unref();
  }

  async #unlockStuck(): Promise<void> {
    this.#timer = undefined;
    for (const integrationId of this.#stuck) await this.unlock(integrationId);
  }
}
