/** What is wrong with a document that was read, or is to be written. */
import { Compile } from 'typebox/compile';
import { Document } from './store.ts';

const validDocument = Compile(Document);

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
  return check?.(checked);
}
