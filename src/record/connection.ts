/** Checks of connections, besides those of all records. Pure. */
import type { Json, JsonObject } from '../json.ts';
import { MASK } from './credentials.ts';
import { clientProblems, oauthProblems } from './oauth-connection.ts';
import { at, type FieldProblem } from './record.ts';

/** A connection as JSON. It is processed whole whenever it is read or used. */
const CONNECTION_BYTES = 256 * 1024;

const AUTH_TYPES: readonly Json[] = ['none', 'basic', 'token', 'custom', 'oauth', 'cookie'];

/**
 * @param before the stored connection; a mask as type stands for its type
 * @param mayChooseClient whether the writer has the operator's authority over OAuth clients
 */
export function connectionProblems(
  connection: JsonObject,
  before: JsonObject | undefined,
  mayChooseClient: boolean,
): FieldProblem[] {
  const typeOf = (record: JsonObject | undefined): Json | undefined => at(record, ['http', 'auth', 'type']);
  const type = typeOf(connection);
  const isUnchanged = type === MASK && typeOf(before) !== undefined;
  const problems = [...oauthProblems(connection), ...clientProblems(connection, before, mayChooseClient)];
  if (type !== undefined && !isUnchanged && !AUTH_TYPES.includes(type)) {
    const message = `http.auth.type must be one of ${AUTH_TYPES.join(', ')}`;
    problems.push({ code: 'invalid_field', field: 'http.auth.type', message });
  }
  if (Buffer.byteLength(JSON.stringify(connection)) > CONNECTION_BYTES) {
    const message = `a connection has at most ${CONNECTION_BYTES} bytes of JSON`;
    problems.push({ code: 'invalid_field', field: '', message });
  }
  return problems;
}
