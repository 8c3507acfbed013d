/** What is wrong with a document that was read, or is to be written. */
import { Compile } from '#typebox';
import { isStorable } from '../json.ts';
import { Document, recordKinds } from './store.ts';

const validDocument = Compile(Document);
/** Deeper than anything that the API takes: to make it into text again would end in an overflow of the stack. */
const DEPTH_LIMIT = 200;

/** Says what is wrong with a document beyond its shape, in a sentence. */
export type DocumentCheck = (document: Document) => string | undefined;

/** @returns a sentence, or nothing */
export function documentProblem(document: unknown, check?: DocumentCheck, integrationId?: string): string | undefined {
  if (!validDocument.Check(document)) {
    const [error] = validDocument.Errors(document);
    return `${error?.instancePath || 'the document'} ${error?.message}`;
  }
  const checked = document as unknown as Document;
  const { _id } = checked.integration;
  if (integrationId !== undefined && _id !== integrationId) return `it is the integration ${_id}`;
  return recordsProblem(checked) ?? check?.(checked);
}

/** The same for one that comes from outside: a file, a log, a backup. */
export function foreignProblem(document: unknown, check?: DocumentCheck, integrationId?: string): string | undefined {
  if (!isStorable(document, DEPTH_LIMIT)) return `it nests deeper than ${DEPTH_LIMIT} levels`;
  return documentProblem(document, check, integrationId);
}

/** Each record stands under its own id, once, and belongs here. */
function recordsProblem(document: Document): string | undefined {
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
