/** What of a backup's document is stored: it may be older than a rule, or made by hand. */
import { join } from 'node:path';
import { RequestError } from '../errors.ts';
import { isAllSealed, renewed } from '../record/credentials.ts';
import { type Keyring, openKeyring } from '../record/keyring.ts';
import { at } from '../record/record.ts';
import { References } from '../record/references.ts';
import { KEY_FILE } from '../store/data-folder.ts';
import { isObjectId } from '../store/object-id.ts';
import { type Document, type RecordKind, recordKinds, type Stored } from '../store/store.ts';
import { integrationProblem } from './integration.ts';

/** What is wrong with a document of a backup, beyond what the store looks at. */
export const restoringProblem = (document: Document): string | undefined =>
  integrationProblem(document) ?? danglingReference(document);

function danglingReference(document: Document): string | undefined {
  const references = new References();
  for (const kind of recordKinds) {
    for (const record of Object.values(document[kind])) {
      try {
        references.assertPresent(record, (other, id) =>
          Object.hasOwn(document[other], id) ? document[other][id] : undefined,
        );
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        const [{ field = '', message } = { message: '' }] = error.errors;
        const id = at(record, field.split('.'));
        const named = typeof id === 'string' && isObjectId(id) ? ` (${id})` : '';
        return `${kind} ${record._id}: ${message}${named}`;
      }
    }
  }
  return undefined;
}

type Prepare = (document: Document, current: Document | undefined) => Promise<Document>;

/** Seals what stands in a backup in clear. */
export function sealedForStore(keyring: Keyring): Prepare {
  return async (document, current) => {
    const recordsOf = (kind: RecordKind): [RecordKind, Record<string, Stored>] => {
      const sealed = Object.entries(document[kind]).map(([id, record]): [string, Stored] => [
        id,
        renewed(keyring, kind, record, current?.[kind][id]),
      ]);
      return [kind, Object.fromEntries(sealed)];
    };
    return { ...document, ...Object.fromEntries(recordKinds.map(recordsOf)) };
  };
}

/** The same for a data folder that no server has. Its key is not made before there is something to seal. */
export function sealedForFolder(dataFolder: string, secretKey: string | undefined): Prepare {
  let keyring: Keyring | undefined;
  return async (document, current) => {
    const all = recordKinds.flatMap((kind) => Object.values(document[kind]).map((record) => isAllSealed(kind, record)));
    if (all.every(Boolean)) return document;
    keyring ??= await openKeyring(join(dataFolder, KEY_FILE), secretKey);
    return sealedForStore(keyring)(document, current);
  };
}
