/** Checks a backup's documents and seals their credentials before they are stored. */
import type { Json } from '../json.ts';
import { isAllSealed, resealSecrets } from '../record/credentials.ts';
import { type Keyring, openKeyring } from '../record/keyring.ts';
import { factsOf } from '../record/record-tasks.ts';
import { mayHoldSecrets } from '../record/secret-fields.ts';
import type { Document } from '../store/document.ts';
import { isObjectId } from '../store/object-id.ts';
import { Part } from '../store/part.ts';
import { referencesIn } from '../store/references.ts';
import type { KeyStore } from '../store/storage.ts';
import { type DocumentJson, type RecordKind, recordKinds, type Stored } from '../store/stored.ts';
import { TimeSlice } from '../work/time-slice.ts';
import { type TaskContext, tasksOf, type Work } from '../work/work.ts';
import { integrationProblem } from './integration.ts';

/** Checks beyond the store's own: a backup may be older than a rule, or made by hand. */
export const restoreProblem = (document: DocumentJson): string | undefined =>
  integrationProblem(document) ?? danglingReference(document);

function danglingReference(document: DocumentJson): string | undefined {
  for (const kind of recordKinds) {
    for (const record of Object.values(document[kind])) {
      const isThere = (other: RecordKind, id: Json): boolean =>
        typeof id === 'string' && Object.hasOwn(document[other], id);
      const missing = referencesIn(record).find((reference) => !isThere(reference.kind, reference.id));
      if (!missing) continue;
      const { field, id } = missing;
      const named = typeof id === 'string' && isObjectId(id) ? ` (${id})` : '';
      return `${kind} ${record._id}: ${field} names none of the ${missing.kind} of this integration${named}`;
    }
  }
  return undefined;
}

type Prepare = (document: Document, current: Document | undefined) => Promise<Document>;
type Seal = (kind: RecordKind, part: Part, before: Part | undefined) => Promise<Part>;

/** Seals credentials that a backup contains in clear. */
export const sealForStore = (work: Work): Prepare => sealDocuments(sealInPool(work));

/** The same without a server. Makes a key only if there is something to seal. */
export function sealWith(keys: KeyStore, secretKey: string | undefined): Prepare {
  let keyring: Keyring | undefined;
  return sealDocuments(async (kind, part, before) => {
    const record = recordOf(part);
    if (isAllSealed(kind, record)) return part;
    keyring ??= await openKeyring(keys, secretKey);
    const next = resealSecrets(keyring, kind, record, before && recordOf(before));
    return next === record ? part : Part.ofText(factsOf(next), part.revision);
  });
}

const recordOf = ({ text }: Part): Stored => JSON.parse(text.toString()) as Stored;

function sealDocuments(seal: Seal): Prepare {
  return async (document, current) => {
    const slice = new TimeSlice();
    const sealed = { ...document };
    for (const kind of recordKinds.filter(mayHoldSecrets)) {
      const parts = new Map(document[kind]);
      for (const [id, part] of parts) {
        if (slice.isOver) await slice.next();
        parts.set(id, await seal(kind, part, current?.[kind].get(id)));
      }
      sealed[kind] = parts;
    }
    return sealed;
  };
}

interface RenewInput {
  readonly kind: RecordKind;
  readonly record: string;
  readonly before: string | undefined;
}

function renew({ kind, record, before }: RenewInput, { keyring }: TaskContext) {
  const parsed = JSON.parse(record) as Stored;
  const next = resealSecrets(keyring, kind, parsed, before === undefined ? undefined : (JSON.parse(before) as Stored));
  return next === parsed ? undefined : factsOf(next);
}

export const tasks = tasksOf(import.meta.url, { renew });

const sealInPool =
  (work: Work): Seal =>
  async (kind, part, before) => {
    const input = { kind, record: part.text.toString(), before: before?.text.toString() };
    const account = { owner: 'users', charge() {} };
    const facts = await work.run(tasks, 'renew', input, part.bytes + (before?.bytes ?? 0), account);
    return facts ? Part.ofText(facts, part.revision) : part;
  };
