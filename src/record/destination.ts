/**
 * Detects changes to where a connection's credentials are sent. Such a change requires entering the credentials again:
 * a connector may write the connection, but must not redirect credentials it does not know. Pure.
 */
import type { Json, JsonObject } from '../json.ts';
import type { RecordKind } from '../store/store.ts';
import { type Fields, fieldsOf, originOf } from './connection-fields.ts';
import { at } from './record.ts';
import { mapLeaves } from './secret-fields.ts';
import { isNamedLikeAnAddress } from './secret-names.ts';

export type Author = 'user' | 'run';

/** Names, descriptions and fields that the runtime sets. They may always change. */
const FREE = [
  ...['_id', 'createdAt', 'lastModified', '_integrationId', '_connectorId'],
  ...['name', 'description', 'externalId', 'offline', 'encryptedFields', 'unencryptedFields'],
];
const TEMPLATE = '{{';
/** Below `http` or `rest`, whichever is used: compared separately, or harmless without a template. */
const FREE_INSIDE = /^(?:baseURI|headers|ping\w*)$/;

/**
 * The first changed field that could send credentials elsewhere. For users those are the address fields. For runs it is
 * nearly every field: in a connection type that the runtime does not know, any field may be an address.
 */
export function changedDestinationField(
  kind: RecordKind,
  before: JsonObject,
  after: JsonObject,
  author: Author,
): string | undefined {
  if (kind !== 'connections') return undefined;
  const [beforeFields, afterFields] = [destinationOf(before, author), destinationOf(after, author)];
  const changed = (field: string): boolean => beforeFields.get(field) !== afterFields.get(field);
  return [...afterFields.keys(), ...beforeFields.keys()].find(changed);
}

function destinationOf(connection: JsonObject, author: Author): Map<string, Json> {
  const isRun = author === 'run';
  // A base URI without a valid origin is compared as text.
  const fields = fieldsOf(connection);
  const [usedKey] = fields.baseURI.split('.');
  const base = originOf(connection) ?? at(connection, fields.baseURI.split('.')) ?? null;
  const destination = new Map<string, Json>([[fields.baseURI, typeof base === 'object' ? JSON.stringify(base) : base]]);
  if (isRun) destination.set(fields.headers, templateHeaders(connection, fields));
  mapLeaves('connections', connection, (leaf, path, sensitivity) => {
    const [top = '', inner = ''] = path;
    const isTemplate = isRun && inner.startsWith('ping') && String(leaf).includes(TEMPLATE);
    const isFree = FREE.includes(top) || (top === usedKey && FREE_INSIDE.test(inner) && !isTemplate);
    // An address may itself be a credential. Its sealed value differs unless a mask kept it.
    const isBound = isNamedLikeAnAddress(path.at(-1) ?? '') || (isRun && sensitivity !== 'secret');
    if (isBound && !isFree) destination.set(path.join('.'), leaf);
    return leaf;
  });
  return destination;
}

/** Headers with a template, which may insert credentials. Other headers may change. */
function templateHeaders(connection: JsonObject, fields: Fields): string {
  const headers = at(connection, fields.headers.split('.'));
  if (!Array.isArray(headers)) return JSON.stringify(headers ?? []);
  return JSON.stringify(headers.filter((header) => JSON.stringify(header).includes(TEMPLATE)));
}
