/** Writes audit entries for changes that are not commits. */
import {
  type AuditEntry,
  type AuditedEvent,
  type Caller,
  entryMaker,
  entryOf,
  type MakeEntries,
} from '../store/audit.ts';
import type { AuditQuery, AuditStore } from '../store/storage.ts';

export class AuditLog {
  readonly #store: AuditStore;
  readonly #makeEntries: MakeEntries;
  readonly #onError: (error: unknown) => void;

  /** @param now the nodes' clock, if they share one */
  constructor(store: AuditStore, onError: (error: unknown) => void, now?: () => number) {
    this.#store = store;
    this.#makeEntries = entryMaker(now);
    this.#onError = onError;
  }

  /** For a change that stores the entry itself. */
  entryOf(by: Caller, event: AuditedEvent): AuditEntry {
    return entryOf(this.#makeEntries, { by }, event);
  }

  /** Call it after the change, which stays even if this fails. Never rejects. */
  async record(by: Caller, event: AuditedEvent): Promise<void> {
    try {
      await this.#store.add([this.entryOf(by, event)]);
    } catch (error) {
      this.#onError(error);
    }
  }

  list(query: AuditQuery): Promise<AuditEntry[]> {
    return this.#store.list(query);
  }
}
