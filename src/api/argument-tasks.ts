/** Checks the argument of a function call, which may be as large as 50 MiB. */
import { requestError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import { parseBody } from '../parse-body.ts';
import { tasksOf } from '../work/work.ts';

/** @throws RequestError if it is no JSON object */
function assertObject(bytes: Uint8Array): void {
  if (isJsonObject(parseBody(bytes, { parts: Number.POSITIVE_INFINITY }))) return;
  throw requestError('invalid_field', { field: '', message: 'The body must be a JSON object.' });
}

export const tasks = tasksOf(import.meta.url, { assertObject });
