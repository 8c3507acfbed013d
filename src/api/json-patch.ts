/** JSON Patch (RFC 6902): checked, and applied to a copy within bounds. */
import { applyPatch, type Operation, Pointer } from 'rfc6902';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { requestError } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';

const OPERATIONS_LIMIT = 1_000;
const COPIED_CHARS = 8 * 1024 * 1024;
const Path = Type.String({ pattern: '^(?:/.*)?$', maxLength: 2_000 });
export const JsonPatch = Type.Array(
  Type.Union([
    Type.Object({ op: Type.Enum(['add', 'replace', 'test']), path: Path, value: Type.Unknown() }),
    Type.Object({ op: Type.Enum(['move', 'copy']), path: Path, from: Path }),
    Type.Object({ op: Type.Literal('remove'), path: Path }),
  ]),
  { maxItems: OPERATIONS_LIMIT },
);
const patchBody = Compile(JsonPatch);

/** @throws RequestError if it is none */
export function patchOf(body: Json | undefined): Operation[] {
  if (patchBody.Check(body)) return body as Operation[];
  throw requestError('invalid_field', {
    field: '',
    message: 'The body must be a JSON Patch (RFC 6902): an array of operations.',
  });
}

/** A changed copy. @throws RequestError naming the first operation that does not apply */
export function patched(record: JsonObject, patch: Operation[]): JsonObject {
  const copy = structuredClone(record);
  let copiedChars = 0;
  for (const [index, operation] of patch.entries()) {
    const { op, path } = operation;
    // One that copies the record into itself doubles it each time: a few dozen would fill the memory.
    if (op === 'copy') copiedChars += JSON.stringify(Pointer.fromJSON(operation.from).get(copy) ?? null).length;
    if (copiedChars > COPIED_CHARS) throw requestError('request_too_large', { message: 'The patch copies too much.' });
    if (applyPatch(copy, [operation])[0] === null) continue;
    throw requestError('invalid_field', { field: `${index}.path`, message: `${op} ${path} does not apply` });
  }
  if (!isJsonObject(copy)) throw requestError('invalid_field', { field: '', message: 'A record is an object.' });
  return copy;
}
