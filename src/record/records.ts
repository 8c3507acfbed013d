/** Writing and removing records in a unit of work: whose they are, what they refer to, what is secret in them. */
import { fieldErrors, requestError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type RecordKind, recordKinds, type Stored } from '../store/store.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { connectionProblems } from './connection.ts';
import { masked, sealed } from './credentials.ts';
import type { Keyring } from './keyring.ts';
import { assertRecord } from './record.ts';
import type { References } from './references.ts';

/** Fields that the runtime sets; in a body they may come back as they are. */
const own = ['_id', 'createdAt', 'lastModified'] as const;
const locked = ['_integrationId', '_connectorId'] as const;

export interface RecordWriter {
  readonly keyring: Keyring;
  readonly references: References;
  readonly now: () => Date;
  readonly ids: () => string;
  /** The connector whose run writes; absent: a user. */
  readonly connectorId?: string | undefined;
}

/** As everybody sees it. */
export function shownRecord<T extends JsonObject>(kind: RecordKind, record: T): T {
  return masked(kind, record);
}

export function recordOf(unit: UnitOfWork, kind: RecordKind, id: string): Stored {
  const record = unit.record(kind, id);
  if (!record) throw requestError('not_found', { message: `There is no such record among the ${kind}.` });
  return record;
}

/** A new record of the unit's integration. */
export function createRecord(writer: RecordWriter, unit: UnitOfWork, kind: RecordKind, body: JsonObject): Stored {
  const createdAt = writer.now().toISOString();
  const { connectorId } = writer;
  const fixed = {
    _id: writer.ids(),
    createdAt,
    lastModified: createdAt,
    _integrationId: unit.integrationId,
    ...(connectorId === undefined ? {} : { _connectorId: connectorId }),
  };
  return write(writer, unit, kind, body, fixed);
}

/** The whole record anew: what the body leaves out is gone, but for what the runtime sets. */
export function replaceRecord(
  writer: RecordWriter,
  unit: UnitOfWork,
  kind: RecordKind,
  id: string,
  body: JsonObject,
): Stored {
  const before = recordOf(unit, kind, id);
  const { _id, createdAt, _integrationId, _connectorId } = before;
  const fixed = {
    _id,
    createdAt,
    lastModified: writer.now().toISOString(),
    _integrationId: _integrationId ?? unit.integrationId,
    ...(_connectorId === undefined ? {} : { _connectorId }),
  };
  return write(writer, unit, kind, body, fixed, before);
}

/** @throws RequestError `has_dependencies` naming what refers to it */
export function removeRecord({ references }: RecordWriter, unit: UnitOfWork, kind: RecordKind, id: string): void {
  recordOf(unit, kind, id);
  const referring = recordKinds.flatMap((other) =>
    unit
      .records(other)
      // One that refers to itself alone goes.
      .filter((record) => record._id !== id && references.isBetween(record, kind, id))
      .map(({ _id }) => `${other} ${_id}`),
  );
  if (referring.length > 0) {
    throw requestError('has_dependencies', { message: `It is referred to by ${referring.join(', ')}.` });
  }
  unit.removeRecord(kind, id);
}

function write(
  writer: RecordWriter,
  unit: UnitOfWork,
  kind: RecordKind,
  body: JsonObject,
  fixed: JsonObject & Stored,
  before?: Stored,
): Stored {
  const set = locked.filter((name) => Object.hasOwn(body, name) && body[name] !== fixed[name]);
  if (set.length > 0) {
    throw fieldErrors(
      set.map((field) => ({ code: 'invalid_field', field, message: `${field} is set by the runtime` })),
    );
  }
  const free = Object.entries(body).filter(([name]) => !own.some((field) => field === name));
  const record: Stored = Object.fromEntries([...free, ...Object.entries(fixed)]) as Stored;
  assertRecord(record, kind === 'connections' ? connectionProblems(record, before) : []);
  const references = writer.references.assertPresent(record, (other, id) => unit.record(other, id));
  const stored = sealed(writer.keyring, kind, record, before, writer.connectorId === undefined ? 'user' : 'run');
  unit.putRecord(kind, stored, references);
  return stored;
}
