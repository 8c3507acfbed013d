/** Reads, writes and removes records in a unit of work. */
import { ERRORS_MAX, fieldErrors, requestError } from '../errors.ts';
import type { BodyLimits } from '../parse-body.ts';
import type { Projection } from '../projection.ts';
import { shortList } from '../shorten.ts';
import type { Part, TextFacts } from '../store/part.ts';
import { type RecordKind, recordKinds, type Stored } from '../store/stored.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import type { Account, Work } from '../work/work.ts';
import { type DraftInput, tasks } from './record-tasks.ts';
import { mayHoldSecrets } from './secret-fields.ts';

/** Who writes a record, and when. */
export interface Writer {
  readonly now: Date;
  readonly limits: BodyLimits;
  /** The writer has the operator's authority over OAuth clients. */
  readonly mayChooseClient?: boolean;
  /** The writing run. Absent: a user writes. */
  readonly run?: { readonly connectorId: string; readonly integrationId: string } | undefined;
}

/** A checked record, ready for a unit of work. */
export type Draft = TextFacts<Stored>;

/** A record's JSON with credentials masked, reduced to the projection. */
export async function publicText(
  work: Work,
  account: Account,
  kind: RecordKind,
  part: Part,
  projection?: Projection,
): Promise<Buffer> {
  if (!projection && !mayHoldSecrets(kind)) return part.text;
  const input = { kind, record: part.taskInput, projection };
  const { text } = await work.run(tasks, 'show', input, part.bytes, account);
  return text;
}

export function recordOf(unit: UnitOfWork, kind: RecordKind, id: string): Part {
  const record = unit.record(kind, id);
  if (!record) throw noSuchRecord(kind);
  return record;
}

export const noSuchRecord = (kind: RecordKind): Error =>
  requestError('not_found', { message: `There is no such record among the ${kind}.` });

/** Input of the `draft` task for a new record. */
export function createInput(
  { now, limits, run, mayChooseClient }: Writer,
  kind: RecordKind,
  _id: string,
  body: Buffer,
): DraftInput {
  const createdAt = now.toISOString();
  const fixed = { _id, createdAt, lastModified: createdAt, ...(run ? { _connectorId: run.connectorId } : {}) };
  return { kind, body, limits, fixed, mayChooseClient, runIntegrationId: run?.integrationId };
}

/**
 * Input of the `draft` task for a changed record. Fields that the body leaves out are removed, except those that the
 * runtime sets.
 *
 * @param isPatch the body is a JSON Patch (RFC 6902)
 */
export function updateInput(
  { now, limits, run, mayChooseClient }: Writer,
  unit: UnitOfWork,
  kind: RecordKind,
  before: Part,
  body: Buffer,
  isPatch: boolean,
): DraftInput {
  const { _id, createdAt, _integrationId, _connectorId } = before.head;
  const fixed = {
    _id,
    createdAt,
    lastModified: now.toISOString(),
    _integrationId: _integrationId ?? unit.integrationId,
    ...(_connectorId === undefined ? {} : { _connectorId }),
  };
  const needsBefore = isPatch || mayHoldSecrets(kind);
  return {
    kind,
    body,
    isPatch,
    limits,
    fixed,
    mayChooseClient,
    runIntegrationId: run?.integrationId,
    // A connection may go to the pool though it is not large.
    before: needsBefore ? (kind === 'connections' ? before.text : before.taskInput) : undefined,
  };
}

/** @throws RequestError `invalid_ref` if it refers to a missing record */
export function putDraft(unit: UnitOfWork, kind: RecordKind, draft: Draft): Part {
  const missing = (draft.references ?? []).filter(
    ({ kind: other, id }) => typeof id !== 'string' || !unit.record(other, id),
  );
  if (missing.length > 0) {
    throw fieldErrors(
      missing.slice(0, ERRORS_MAX).map(({ field, kind: other }) => ({
        code: 'invalid_ref',
        field,
        message: `${field} names none of the ${other} of this integration`,
      })),
    );
  }
  return unit.putRecord(kind, draft);
}

/** Referring records named in an error. */
const REFERRERS_NAMED = 20;

/** @throws RequestError `has_dependencies` naming the records that refer to it */
export function removeRecord(unit: UnitOfWork, kind: RecordKind, id: string): void {
  recordOf(unit, kind, id);
  const referring: string[] = [];
  for (const other of recordKinds) {
    for (const [referringId, { references }] of unit.records(other)) {
      // A record that refers only to itself may go.
      if (referringId === id) continue;
      if (references.some((each) => each.kind === kind && each.id === id)) referring.push(`${other} ${referringId}`);
    }
  }
  if (referring.length > 0) {
    throw requestError('has_dependencies', {
      message: `It is referred to by ${shortList(referring, REFERRERS_NAMED)}.`,
    });
  }
  unit.removeRecord(kind, id);
}
