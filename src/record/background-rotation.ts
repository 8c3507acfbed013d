/**
 * Re-seals credentials that are in clear or sealed with an old key, in a storage that is not read at start. Every node
 * checks all records while it serves, because each has its own keys and reports what they cannot open. Two nodes may
 * meet at the same record: the second finds it sealed, or its write conflicts.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type SortKey, type Store, StoreError, sortKeyOf } from '../store/store.ts';
import { type RecordKind, recordKinds, type Stored } from '../store/stored.ts';
import { ConflictError, UnitOfWork } from '../store/unit-of-work.ts';
import { TimeSlice } from '../work/time-slice.ts';
import { type TaskContext, tasksOf, type Work } from '../work/work.ts';
import { openSecrets, resealSecrets } from './credentials.ts';
import type { RotationResult } from './key-rotation.ts';
import type { Keyring } from './keyring.ts';
import { oauthSettingsOf } from './oauth-connection.ts';
import { draftBytes, factsOf } from './record-tasks.ts';
import { mayHoldSecrets } from './secret-fields.ts';
import { canOpenTokens, resealTokens } from './token-set.ts';

/** Pause after each slice of 5 ms, to leave time for requests. 100,000 records take half a minute. */
const PAUSE_MS = 50;
/** Records per read. */
const RECORDS_AT_ONCE = 100;
/** Integrations written at the same time, each with all its records in memory. */
const WRITES_AT_ONCE = 4;
/** Attempts to write an integration that others keep changing. */
const ATTEMPTS = 10;
/** Pause between attempts while the database is gone. */
const RETRY_MS = 1_000;

interface TaskInput {
  readonly kind: RecordKind;
  readonly record: Stored | Uint8Array;
}

const recordOf = ({ record }: TaskInput): Stored =>
  record instanceof Uint8Array ? (JSON.parse(Buffer.from(record).toString()) as Stored) : record;

function inspect(input: TaskInput, { keyring }: TaskContext) {
  const record = recordOf(input);
  return {
    isReadable: openSecrets(keyring, input.kind, record) !== undefined,
    isStale: resealSecrets(keyring, input.kind, record) !== record,
    mayHaveTokens: oauthSettingsOf(record) !== undefined,
  };
}

function reseal(input: TaskInput, { keyring }: TaskContext) {
  const record = recordOf(input);
  const next = resealSecrets(keyring, input.kind, record);
  return next === record ? undefined : factsOf(next);
}

export const tasks = tasksOf(import.meta.url, { inspect, reseal });

const ACCOUNT = { owner: 'key rotation', charge() {} };
const kinds = recordKinds.filter(mayHoldSecrets);

export interface BackgroundRotationOptions {
  readonly store: Store;
  readonly work: Work;
  readonly keyring: Keyring;
  /** Called if an integration cannot be written although the database is there. */
  readonly onError: (error: unknown) => void;
}

export class BackgroundRotation {
  readonly #options: BackgroundRotationOptions;
  readonly #closing = new AbortController();
  #running: Promise<RotationResult | undefined> | undefined;
  readonly #unreadable: string[] = [];
  readonly #unwritten: string[] = [];
  /** Integrations to write. */
  readonly #stale = new Set<string>();
  #resealed = 0;
  #slice = new TimeSlice();

  constructor(options: BackgroundRotationOptions) {
    this.#options = options;
  }

  /** @returns undefined if closed before all records were checked */
  run(): Promise<RotationResult | undefined> {
    this.#running ??= this.#run().catch((error: unknown) => {
      if (!this.#closing.signal.aborted) throw error;
      return undefined;
    });
    return this.#running;
  }

  /** The next start begins from the first record again. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running?.catch(() => {});
  }

  async #run(): Promise<RotationResult> {
    for (const kind of kinds) await this.#runKind(kind);
    return { unreadable: this.#unreadable, unwritten: this.#unwritten, resealed: this.#resealed };
  }

  async #runKind(kind: RecordKind): Promise<void> {
    const { store } = this.#options;
    let after: SortKey | undefined;
    for (let count = RECORDS_AT_ONCE; count === RECORDS_AT_ONCE; ) {
      try {
        count = 0;
        for await (const part of store.records(kind, { after, limit: RECORDS_AT_ONCE, matches: () => true })) {
          await this.#pause();
          const { head, taskInput: record, bytes } = part;
          const found = await this.#options.work.run(
            tasks,
            'inspect',
            { kind, record },
            draftBytes(kind, bytes),
            ACCOUNT,
          );
          if (!found.isReadable) this.#unreadable.push(head._id);
          // Its tokens are stored apart. They are checked when the integration is written.
          if (found.isStale || found.mayHaveTokens) this.#stale.add(String(head._integrationId));
          after = sortKeyOf(head);
          count++;
          if (this.#stale.size >= WRITES_AT_ONCE) await this.#writeStale();
        }
        await this.#writeStale();
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        count = RECORDS_AT_ONCE;
        await delay(RETRY_MS, undefined, { signal: this.#closing.signal });
      }
    }
  }

  async #pause(): Promise<void> {
    this.#closing.signal.throwIfAborted();
    if (!this.#slice.isOver) return;
    await delay(PAUSE_MS);
    this.#slice = new TimeSlice();
  }

  /** @throws StoreError if the database is gone; `#stale` then holds what is not written yet */
  async #writeStale(): Promise<void> {
    const results = await Promise.allSettled([...this.#stale].map((id) => this.#write(id)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #write(integrationId: string): Promise<void> {
    try {
      const hasResealed = [await this.#resealIn(integrationId), await this.#resealTokensIn(integrationId)];
      if (hasResealed.includes(true)) this.#resealed++;
    } catch (error) {
      if (isUnavailable(error)) throw error;
      // Replies mask its credentials anyway, and the next start tries again.
      this.#unwritten.push(integrationId);
      this.#options.onError(error);
    }
    this.#stale.delete(integrationId);
  }

  /** Re-seals inside the commit, because renewing tokens meanwhile changes no revision. */
  async #resealTokensIn(integrationId: string): Promise<boolean> {
    const { store, keyring } = this.#options;
    return UnitOfWork.change(store, integrationId, (unit) => {
      let hasResealed = false;
      for (const [id, part] of unit.unversioned('tokens')) {
        const sealed = String(part.value);
        const resealed = resealTokens(keyring, id, sealed);
        if (resealed !== undefined) {
          unit.putUnversioned('tokens', id, resealed);
          hasResealed = true;
        } else if (!canOpenTokens(keyring, id, sealed) && !this.#unreadable.includes(id)) this.#unreadable.push(id);
      }
      return hasResealed;
    });
  }

  /** @returns false if there was nothing left to do */
  async #resealIn(integrationId: string): Promise<boolean> {
    const { store, work } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const unit = await UnitOfWork.open(store, integrationId);
      for (const kind of kinds) {
        for (const part of [...unit.records(kind).values()]) {
          await this.#pause();
          const input = { kind, record: part.taskInput };
          const facts = await work.run(tasks, 'reseal', input, draftBytes(kind, part.bytes), ACCOUNT);
          if (facts) unit.putRecord(kind, facts);
        }
      }
      if (!unit.hasChanges) return false;
      try {
        await unit.commit();
        return true;
      } catch (error) {
        if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
      }
    }
  }
}

const isUnavailable = (error: unknown): boolean => error instanceof StoreError && error.code === 'store_unavailable';
