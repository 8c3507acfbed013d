/** Locks integrations while a node updates them. A lock outlasts an outage, but not its node. */
import { StoreError } from '../store.ts';
import type { Database, Statement } from './database.ts';

/** Pause between attempts to unlock. */
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
  /** Integrations that were locked when this node last read them. */
  readonly #locked = new Set<string>();
  /** Integrations that this node must still unlock. */
  readonly #stuck = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(database: Database, node: string) {
    this.#database = database;
    this.#node = node;
  }

  /** @returns how to unlock it; undefined if it is locked already @throws StoreError */
  async lock(integrationId: string): Promise<(() => Promise<void>) | undefined> {
    if (this.#stuck.has(integrationId)) return undefined;
    try {
      const isOurs = (await this.#database.query(LOCK, [integrationId, this.#node])).length > 0;
      if (!isOurs) return undefined;
      this.#locked.add(integrationId);
      return async () => {
        this.#locked.delete(integrationId);
        await this.#unlock(integrationId);
      };
    } catch (error) {
      if (error instanceof StoreError && error.isOutcomeUnknown) this.#unlockLater(integrationId);
      throw error;
    }
  }

  isLocked(integrationId: string): boolean {
    return this.#locked.has(integrationId);
  }

  /** Takes note of what a read found. */
  found(integrationId: string, isLocked: boolean): void {
    if (isLocked) this.#locked.add(integrationId);
    else this.#locked.delete(integrationId);
  }

  /** If the database is gone, unlocks once it is back. */
  async #unlock(integrationId: string): Promise<void> {
    try {
      await this.#database.query(UNLOCK, [integrationId, this.#node]);
      this.#stuck.delete(integrationId);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#unlockLater(integrationId);
    }
  }

  /** Another node, or this one at its next start, removes the remaining locks. */
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
    for (const integrationId of this.#stuck) await this.#unlock(integrationId);
  }
}
