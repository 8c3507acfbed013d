/** At start, re-seals every credential that is not sealed with the current key. */
import { type Store, StoreError } from '../store/store.ts';
import { type DocumentJson, type RecordKind, recordKinds, type Stored } from '../store/stored.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import { openSecrets, resealSecrets } from './credentials.ts';
import type { Keyring } from './keyring.ts';
import { factsOf } from './record-tasks.ts';
import { canOpenTokens, resealTokens } from './token-set.ts';

/** Failures leave the records as they were. */
export interface RotationResult {
  /** Ids of records that no key opens. */
  readonly unreadable: readonly string[];
  /** Ids of integrations that could not be written. */
  readonly unwritten: readonly string[];
  /** Integrations whose credentials are now sealed with the current key, and were not before. */
  readonly resealed: number;
}

const recordsIn = (document: DocumentJson): [RecordKind, Stored][] =>
  recordKinds.flatMap((kind) => Object.values(document[kind]).map((record): [RecordKind, Stored] => [kind, record]));

/** `inspect` takes each document as it is read at start; `rotate` then changes those that need it. */
export class KeyRotation {
  readonly #keyring: Keyring;
  readonly #unreadable = new Map<string, string[]>();
  readonly #stale = new Set<string>();

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  inspect(document: DocumentJson): void {
    const { _id } = document.integration;
    const all = recordsIn(document);
    const tokens = Object.entries(document.tokens ?? {});
    const unreadable = new Set([
      ...all.filter(([kind, record]) => !openSecrets(this.#keyring, kind, record)).map(([, record]) => record._id),
      ...tokens.filter(([id, sealed]) => !canOpenTokens(this.#keyring, id, sealed)).map(([id]) => id),
    ]);
    if (unreadable.size > 0) this.#unreadable.set(_id, [...unreadable]);
    else this.#unreadable.delete(_id);
    const isStale =
      all.some(([kind, record]) => resealSecrets(this.#keyring, kind, record) !== record) ||
      tokens.some(([id, sealed]) => resealTokens(this.#keyring, id, sealed) !== undefined);
    if (isStale) this.#stale.add(_id);
  }

  /** One commit per integration. */
  async rotate(store: Store): Promise<RotationResult> {
    const unwritten: string[] = [];
    for (const id of this.#stale) {
      await UnitOfWork.change(store, id, (unit) => this.#rotateIn(unit)).catch((error: unknown) => {
        // Responses mask them anyway, and the next start tries again.
        if (!(error instanceof StoreError)) throw error;
        unwritten.push(id);
      });
    }
    const unreadable = [...this.#unreadable.values()].flat();
    return { unreadable, unwritten, resealed: this.#stale.size - unwritten.length };
  }

  #rotateIn(unit: UnitOfWork): void {
    for (const kind of recordKinds) {
      for (const { text } of [...unit.records(kind).values()]) {
        // Synchronous, whatever the size: at start no request waits.
        const record = JSON.parse(text.toString()) as Stored;
        const next = resealSecrets(this.#keyring, kind, record);
        if (next !== record) unit.putRecord(kind, factsOf(next));
      }
    }
    for (const [id, part] of unit.unversioned('tokens')) {
      const resealed = resealTokens(this.#keyring, id, String(part.value));
      if (resealed !== undefined) unit.putUnversioned('tokens', id, resealed);
    }
  }
}
