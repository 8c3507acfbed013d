/** Validates documents that were read or are about to be written. */
import { Compile } from '#typebox';
import { isStorable } from '../json.ts';
import { findings } from '../schema.ts';
import type { Document } from './document.ts';
import { DocumentJson, FORMAT, perRecordKind, recordKinds, Stored } from './stored.ts';

const validDocument = Compile(DocumentJson);
const validStored = Compile(Stored);
/** Deeper than anything the API accepts. Serializing a document nested without limit would overflow the stack. */
const DEPTH_LIMIT = 200;

/** Checks beyond the schema. @returns what is wrong, as a sentence */
export type DocumentCheck = (document: DocumentJson) => string | undefined;

/** @returns what is wrong, as a sentence, or undefined */
export function documentProblem(document: unknown, check?: DocumentCheck, integrationId?: string): string | undefined {
  const [finding] = findings(validDocument, document);
  if (finding) return finding.message;
  const validated = document as unknown as DocumentJson;
  const { _id } = validated.integration;
  if (integrationId !== undefined && _id !== integrationId) return `it has the id of another integration, ${_id}`;
  return recordsProblem(validated) ?? check?.(validated);
}

/** The same for a document from a file, a log or a backup, which may nest without limit. */
export function untrustedDocumentProblem(
  document: unknown,
  check?: DocumentCheck,
  integrationId?: string,
): string | undefined {
  if (!isStorable(document, DEPTH_LIMIT)) return `it nests deeper than ${DEPTH_LIMIT} levels`;
  return documentProblem(document, check, integrationId);
}

/** Checks only what a commit changed. */
export function changeProblem(
  before: Document | undefined,
  after: Document,
  check: DocumentCheck | undefined,
  integrationId: string,
): string | undefined {
  const { head } = after.integration;
  if (!validStored.Check(head) || head._id !== integrationId)
    return `it has the id of another integration, ${head._id}`;
  for (const kind of recordKinds) {
    if (after[kind] === before?.[kind]) continue;
    for (const [id, part] of after[kind]) {
      if (part === before?.[kind].get(id)) continue;
      if (part.head._id !== id || !validStored.Check(part.head)) return `${kind} ${id} is not a valid record`;
      if ((part.head._integrationId ?? integrationId) !== integrationId)
        return `${kind} ${id} belongs to another integration`;
    }
  }
  if (after.integration === before?.integration) return undefined;
  return check?.({ ...EMPTY_DOCUMENT, integration: head });
}

const EMPTY_DOCUMENT = { format: FORMAT, revisions: {}, ...perRecordKind(() => ({})), state: {} } as const;

/** Each record must be stored under its own id, once, and belong to this integration. */
function recordsProblem(document: DocumentJson): string | undefined {
  const { _id } = document.integration;
  const seen = new Set([_id]);
  for (const kind of recordKinds) {
    for (const [id, record] of Object.entries(document[kind])) {
      if (record._id !== id) return `${kind} ${id} has the id ${record._id}`;
      if (seen.has(id)) return `it contains ${id} twice`;
      seen.add(id);
      const { _integrationId = _id } = record;
      if (_integrationId !== _id) return `${kind} ${id} belongs to another integration`;
    }
  }
  return undefined;
}
