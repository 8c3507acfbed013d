/** Tasks that make a record from a request's body, and the public text of a record. Large ones run in the pool. */
import { fieldErrors, requestError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type BodyLimits, objectOf, parseBody, textOf } from '../parse-body.ts';
import { type Projection, project } from '../projection.ts';
import { concatPieces, headOf } from '../store/document.ts';
import { isObjectId } from '../store/object-id.ts';
import type { TextFacts } from '../store/part.ts';
import { referencesIn } from '../store/references.ts';
import type { RecordKind, Stored } from '../store/stored.ts';
import { type TaskContext, tasksOf } from '../work/work.ts';
import { connectionProblems } from './connection.ts';
import { maskSecrets, sealSecrets } from './credentials.ts';
import type { Author } from './destination.ts';
import { applyPatch, parsePatch } from './json-patch.ts';
import { assertRecord } from './record.ts';
import { scheduleProblems } from './schedule.ts';
import { mayHoldSecrets } from './secret-fields.ts';

/** Fields of one record that refer to other records. */
const REFERENCES = 1_000;

/** Set by the runtime. Ignored in a body. */
const runtimeFields: readonly string[] = ['_id', 'createdAt', 'lastModified'];
/** Set by the runtime. In a body they must not differ. */
const fixedByRuntime = ['_integrationId', '_connectorId'] as const;

export interface DraftInput {
  /** JSON: the whole record, or a JSON Patch of `before`. */
  readonly body: Uint8Array;
  readonly isPatch?: boolean;
  readonly limits: BodyLimits;
  /** Fields set by the runtime. Without `_integrationId`, it comes from the body or the run. */
  readonly fixed: JsonObject;
  /** The integration of the writing run. Absent: a user writes. */
  readonly runIntegrationId: string | undefined;
  /** The writer has the operator's authority over OAuth clients. */
  readonly mayChooseClient?: boolean | undefined;
  readonly kind: RecordKind;
  /** The stored record, for masks and patches. */
  readonly before?: Stored | Uint8Array | undefined;
}

/** Several passes search a connection for credentials: 200 KB of numbers would take 80 ms. */
const CONNECTION_COST = 4;

/** The size of a draft for `Work`. @param bytes of the body's JSON, and of the stored record's if it is read */
export const draftBytes = (kind: RecordKind, bytes: number): number =>
  kind === 'connections' ? CONNECTION_COST * bytes : bytes;

/** Makes the record to be stored. @throws RequestError */
function draft(input: DraftInput, { keyring }: TaskContext): TextFacts<Stored> {
  const { kind, before } = input;
  const stored = before && parseRecord(before);
  const record = recordOf(input, stored);
  const facts = factsOf(mayHoldSecrets(kind) ? sealSecrets(keyring, kind, record, stored, authorOf(input)) : record);
  assertReferenceLimit(facts);
  return facts;
}

const authorOf = ({ runIntegrationId }: DraftInput): Author => (runIntegrationId === undefined ? 'user' : 'run');

function recordOf(input: DraftInput, before: Stored | undefined): Stored {
  const { body: bytes, isPatch, kind, limits, fixed, runIntegrationId } = input;
  const json = parseBody(bytes, limits);
  const body = objectOf(isPatch && before ? applyPatch(maskSecrets(kind, before), parsePatch(json)) : json);
  const { _integrationId = integrationIdOf(body, runIntegrationId) } = fixed;
  const set: JsonObject = { ...fixed, _integrationId };
  const changed = fixedByRuntime.filter((name) => Object.hasOwn(body, name) && body[name] !== set[name]);
  if (changed.length > 0) {
    throw fieldErrors(
      changed.map((field) => ({ code: 'invalid_field', field, message: `${field} is set by the runtime` })),
    );
  }
  const free = Object.entries(body).filter(([name]) => !runtimeFields.includes(name));
  const record = Object.fromEntries([...free, ...Object.entries(set)]) as Stored;
  assertRecord(record, () => {
    if (kind === 'connections') return connectionProblems(record, before, input.mayChooseClient === true);
    return kind === 'flows' ? scheduleProblems(record) : [];
  });
  return record;
}

/** The integration of a new record: the run's own, or the one that the body names. */
function integrationIdOf(body: JsonObject, runIntegrationId: string | undefined): string {
  const { _integrationId = runIntegrationId } = body;
  if (_integrationId === undefined) throw fieldErrors([{ code: 'missing_required_field', field: '_integrationId' }]);
  if (typeof _integrationId !== 'string' || !isObjectId(_integrationId)) throw noIntegration();
  if (runIntegrationId !== undefined && _integrationId !== runIntegrationId) throw requestError('access_restricted');
  return _integrationId;
}

export const noIntegration = (): Error =>
  requestError('invalid_ref', { field: '_integrationId', message: '_integrationId names no integration of yours' });

/** @throws RequestError if a record refers to too many others */
export function assertReferenceLimit({ references = [] }: TextFacts<Stored>): void {
  const tooMany = references[REFERENCES];
  if (!tooMany) return;
  const message = `A record refers to at most ${REFERENCES} others.`;
  throw fieldErrors([{ code: 'invalid_field', field: tooMany.field, message }]);
}

/** A record as text, with its head and its references. */
export function factsOf(record: Stored): TextFacts<Stored> {
  const references = referencesIn(record);
  return { text: concatPieces([JSON.stringify(record)]), head: headOf(record), references };
}

export interface ShowInput {
  readonly kind: RecordKind;
  readonly record: Stored | Uint8Array;
  readonly projection: Projection | undefined;
}

function show({ kind, record, projection }: ShowInput): { readonly text: Buffer } {
  return { text: Buffer.from(JSON.stringify(project(maskSecrets(kind, parseRecord(record)), projection))) };
}

const parseRecord = (json: Stored | Uint8Array): Stored =>
  json instanceof Uint8Array ? (JSON.parse(textOf(json)) as Stored) : json;

export const tasks = tasksOf(import.meta.url, { draft, show });
