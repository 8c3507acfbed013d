/**
 * Where a connection's credentials go, and how. They were entered for that: nobody has them sent elsewhere without
 * knowing them, a connector for one, which may write the connection and never sees them. Pure.
 */
import type { Json, JsonObject } from '../json.ts';
import type { RecordKind } from '../store/store.ts';
import { at, originOf } from './record.ts';
import { isNamedLikeAnAddress } from './secret-names.ts';
import { mapLeaves } from './secret-places.ts';

/** Who writes a record. */
export type Author = 'user' | 'run';

/** Names and descriptions, and what the runtime sets: they lead nowhere. */
const FREE = [
  ...['_id', 'createdAt', 'lastModified', '_integrationId', '_connectorId'],
  ...['name', 'description', 'externalId', 'offline', 'encryptedFields', 'unencryptedFields'],
];
/** Looked at as a whole, or leading nowhere but to the same origin. */
const FREE_OF_HTTP = ['baseURI', 'headers', 'ping'];

/**
 * The first field that says something else of where credentials go. For a user that is an address alone; a run may
 * change nothing but names, since it knows better than anybody what an unknown type of connection makes of the rest.
 */
export function movedField(
  kind: RecordKind,
  before: JsonObject,
  after: JsonObject,
  author: Author,
): string | undefined {
  if (kind !== 'connections') return undefined;
  const [then, now] = [destinationOf(before, author), destinationOf(after, author)];
  const changed = (field: string): boolean => then.get(field) !== now.get(field);
  return [...now.keys(), ...then.keys()].find(changed);
}

function destinationOf(connection: JsonObject, author: Author): Map<string, Json> {
  const isRun = author === 'run';
  // A base that is no address of one place is taken as it is written.
  const base = originOf(connection) ?? at(connection, ['http', 'baseURI']) ?? null;
  const destination = new Map<string, Json>([['http.baseURI', typeof base === 'object' ? JSON.stringify(base) : base]]);
  if (isRun) destination.set('http.headers', filledHeaders(connection));
  mapLeaves('connections', connection, (leaf, path, place) => {
    const [top = '', inner = ''] = path;
    const isFree = FREE.includes(top) || (top === 'http' && FREE_OF_HTTP.includes(inner));
    // Of an address that is itself a credential, it shows whether it was kept.
    const isBound = isNamedLikeAnAddress(path.at(-1) ?? '') || (isRun && place !== 'secret');
    if (isBound && !isFree) destination.set(path.join('.'), leaf);
    return leaf;
  });
  return destination;
}

/** Those of `http.headers` that credentials may be filled into; the others are free. */
function filledHeaders(connection: JsonObject): string {
  const headers = at(connection, ['http', 'headers']);
  if (!Array.isArray(headers)) return JSON.stringify(headers ?? []);
  return JSON.stringify(headers.filter((header) => JSON.stringify(header).includes('{{')));
}
