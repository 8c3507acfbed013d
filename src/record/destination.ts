/**
 * Where a connection's credentials are sent, and how. Whoever changes that has to know them: a connector may write the
 * connection, and must not have the credentials sent to a place of its own. Pure.
 */
import type { Json, JsonObject } from '../json.ts';
import type { RecordKind } from '../store/store.ts';
import { at, originOf } from './record.ts';
import { mapLeaves } from './secret-fields.ts';
import { isNamedLikeAnAddress } from './secret-names.ts';

/** Who writes a record. */
export type Author = 'user' | 'run';

/** Names, descriptions and what the runtime sets. */
const FREE = [
  ...['_id', 'createdAt', 'lastModified', '_integrationId', '_connectorId'],
  ...['name', 'description', 'externalId', 'offline', 'encryptedFields', 'unencryptedFields'],
];
/** Checked separately, or without influence on where credentials go unless they hold a template. */
const TEMPLATE = '{{';
const FREE_OF_HTTP = ['baseURI', 'headers', 'ping'];

/**
 * The first field whose change could send credentials elsewhere. For a user that is any address. For a run it is
 * nearly every field: of a type that the runtime does not know, only the connector knows which field is an address.
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
  // Compare a base URI without an origin as text.
  const base = originOf(connection) ?? at(connection, ['http', 'baseURI']) ?? null;
  const destination = new Map<string, Json>([['http.baseURI', typeof base === 'object' ? JSON.stringify(base) : base]]);
  if (isRun) destination.set('http.headers', templateHeaders(connection));
  mapLeaves('connections', connection, (leaf, path, place) => {
    const [top = '', inner = ''] = path;
    const isTemplate = isRun && inner === 'ping' && String(leaf).includes(TEMPLATE);
    const isFree = FREE.includes(top) || (top === 'http' && FREE_OF_HTTP.includes(inner) && !isTemplate);
    // An address may be a credential itself: its sealed value differs unless it was kept.
    const isBound = isNamedLikeAnAddress(path.at(-1) ?? '') || (isRun && place !== 'secret');
    if (isBound && !isFree) destination.set(path.join('.'), leaf);
    return leaf;
  });
  return destination;
}

/** The headers that credentials may be filled into. The others may change. */
function templateHeaders(connection: JsonObject): string {
  const headers = at(connection, ['http', 'headers']);
  if (!Array.isArray(headers)) return JSON.stringify(headers ?? []);
  return JSON.stringify(headers.filter((header) => JSON.stringify(header).includes(TEMPLATE)));
}
