/**
 * What a running connector asks for, as text: bounded before it is parsed, and checked afterwards. The text
 * comes out of its isolate, where connector code may have changed whatever makes it.
 */
import Type, { Compile, type Static, type Validator } from '#typebox';
import { hasMoreStructure } from '../../sandbox/index.ts';
import { findings } from '../schema.ts';
import { Denied } from './denied.ts';
import { methods } from './platform-api.ts';

const HEADERS = 100;
/** Of all headers together; servers take less. */
const HEADERS_CHARS = 64 * 1024;
/** Outside of strings. A request with all its headers has a quarter of it. */
const STRUCTURE_CHARS = 4_000;
const PROGRESS_CHARS = 10_000;

const FetchRequest = Type.Object({
  url: Type.String({ maxLength: 8_000 }),
  method: Type.Enum([...methods]),
  headers: Type.Array(Type.Tuple([Type.String({ maxLength: 200 }), Type.String({ maxLength: 16_000 })]), {
    maxItems: HEADERS,
  }),
  body: Type.Union([Type.String(), Type.Null()]),
  bodyEncoding: Type.Optional(Type.Literal('base64')),
  redirect: Type.Optional(Type.Enum(['follow', 'manual', 'error'])),
});
export type FetchRequest = Static<typeof FetchRequest>;
const fetchRequest = Compile(FetchRequest);

const ProgressRequest = Type.Object({
  fraction: Type.Number({ minimum: 0, maximum: 1 }),
  message: Type.String({ maxLength: 1_000 }),
});
const progressRequest = Compile(ProgressRequest);

/** @throws Denied `invalid_request` */
export function fetchRequestIn(text: string): FetchRequest {
  const request = parsed<FetchRequest>(fetchRequest, text);
  let chars = 0;
  for (const [name, value] of request.headers) chars += name.length + value.length;
  if (chars > HEADERS_CHARS) throw invalid(`The headers are longer than ${HEADERS_CHARS} characters.`);
  return request;
}

/** @throws Denied `invalid_request` */
export function progressIn(text: string): Static<typeof ProgressRequest> {
  if (text.length > PROGRESS_CHARS) throw invalid(`It is longer than ${PROGRESS_CHARS} characters.`);
  return parsed(progressRequest, text);
}

const invalid = (message: string): Denied => new Denied('invalid_request', message);

function parsed<T>(validator: { Check(value: unknown): value is T }, text: string): T {
  if (hasMoreStructure(text, STRUCTURE_CHARS)) throw invalid('The request has too many parts.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('The request is not JSON.');
  }
  if (validator.Check(value)) return value;
  const [first] = findings(validator as unknown as Validator, value);
  throw invalid(`The request is not valid: ${first?.message}`);
}
