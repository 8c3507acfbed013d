/** What is wrong with a connection beyond what is wrong with any record. Pure. */
import type { Json, JsonObject } from '../json.ts';
import { MASK } from './credentials.ts';
import { at, type FieldProblem } from './record.ts';

/** Of a connection as JSON: it is gone through whole whenever it is shown or used. */
const CONNECTION_BYTES = 256 * 1024;

const AUTH_TYPES: readonly Json[] = ['none', 'basic', 'token', 'custom', 'oauth', 'cookie'];

/** @param before how it is stored; a mask stands for the type that is there */
export function connectionProblems(connection: JsonObject, before: JsonObject | undefined): FieldProblem[] {
  const typeOf = (record: JsonObject | undefined): Json | undefined => at(record, ['http', 'auth', 'type']);
  const type = typeOf(connection);
  const isUnchanged = type === MASK && typeOf(before) !== undefined;
  const problems: FieldProblem[] = [];
  if (type !== undefined && !isUnchanged && !AUTH_TYPES.includes(type)) {
    const message = `http.auth.type must be one of ${AUTH_TYPES.join(', ')}`;
    problems.push({ code: 'invalid_field', field: 'http.auth.type', message });
  }
  if (Buffer.byteLength(JSON.stringify(connection)) > CONNECTION_BYTES) {
    const message = `a connection is at most ${CONNECTION_BYTES} bytes of JSON`;
    problems.push({ code: 'invalid_field', field: '', message });
  }
  return problems;
}
