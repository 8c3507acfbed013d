/** What is wrong with a document that was read, or is to be written. */
import { Compile } from '#typebox';
import { isStorable } from '../json.ts';
import { findings } from '../schema.ts';
import type { Document } from './document.ts';
import { DocumentJson, recordKinds, Stored } from './stored.ts';

const validDocument = Compile(DocumentJson);
const validStored = Compile(Stored);
/** Deeper than anything that the API takes: to make it into text again would end in an overflow of the stack. */
const DEPTH_LIMIT = 200;

/** Says what is wrong with a document beyond its shape, in a sentence. */
export type DocumentCheck = (document: DocumentJson) => string | undefined;

/** @returns a sentence, or nothing */
export function documentProblem(document: unknown, check?: DocumentCheck, integrationId?: string): string | undefined {
  const [finding] = findings(validDocument, document);
  if (finding) return finding.message;
  const validated = document as unknown as DocumentJson;
  const { _id } = validated.integration;
  if (integrationId !== undefined && _id !== integrationId) return `it is the integration ${_id}`;
  return recordsProblem(validated) ?? check?.(validated);
}

/** The same for one that comes from outside: a file, a log, a backup. */
export function untrustedDocumentProblem(
  document: unknown,
  check?: DocumentCheck,
  integrationId?: string,
): string | undefined {
  if (!isStorable(document, DEPTH_LIMIT)) return `it nests deeper than ${DEPTH_LIMIT} levels`;
  return documentProblem(document, check, integrationId);
}

/** What is wrong with the parts that a commit has changed. */
export function changeProblem(
  before: Document | undefined,
  after: Document,
  check: DocumentCheck | undefined,
  integrationId: string,
): string | undefined {
  const { head } = after.integration;
  if (!validStored.Check(head) || head._id !== integrationId) return `it is the integration ${head._id}`;
  for (const kind of recordKinds) {
    if (after[kind] === before?.[kind]) continue;
    for (const [id, part] of after[kind]) {
      if (part === before?.[kind].get(id)) continue;
      if (part.head._id !== id || !validStored.Check(part.head)) return `${kind} ${id} is not one`;
      if ((part.head._integrationId ?? integrationId) !== integrationId)
        return `${kind} ${id} belongs to another integration`;
    }
  }
  if (after.integration === before?.integration) return undefined;
  return check?.({ ...EMPTY_DOCUMENT, integration: head });
}

const EMPTY_DOCUMENT = {
  format: 1,
  revisions: {},
  connections: {},
  exports: {},
  imports: {},
  flows: {},
  state: {},
} as const;

/** Each record stands under its own id, once, and belongs here. */
function recordsProblem(document: DocumentJson): string | undefined {
  const { _id } = document.integration;
  const seen = new Set([_id]);
  for (const kind of recordKinds) {
    for (const [id, record] of Object.entries(document[kind])) {
      if (record._id !== id) return `${kind} ${id} has the id ${record._id}`;
      if (seen.has(id)) return `${id} is in it twice`;
      seen.add(id);
      const { _integrationId = _id } = record;
      if (_integrationId !== _id) return `${kind} ${id} belongs to another integration`;
    }
  }
  return undefined;
}
