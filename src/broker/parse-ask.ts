/**
 * Parses what a running connector asks for. The size is checked before parsing and the schema after it: the text comes
 * out of the isolate, where connector code may have tampered with whatever writes it.
 */
import Type, { Compile, type Static, type Validator } from '#typebox';
import { hasMoreStructure } from '../../sandbox/index.ts';
import { findings } from '../schema.ts';
import { BrokerError } from './broker-error.ts';
import { methods } from './platform-api.ts';

const HEADERS = 100;
/** All headers together. Servers accept less. */
const HEADERS_CHARS = 64 * 1024;
/** Characters outside of strings. A request with the most headers needs a quarter. */
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

/** @throws BrokerError `invalid_request` */
export function parseFetchRequest(text: string): FetchRequest {
  const request = parse<FetchRequest>(fetchRequest, text);
  let chars = 0;
  for (const [name, value] of request.headers) chars += name.length + value.length;
  if (chars > HEADERS_CHARS) throw invalid(`The headers are longer than ${HEADERS_CHARS} characters.`);
  return request;
}

/** @throws BrokerError `invalid_request` */
export function parseProgress(text: string): Static<typeof ProgressRequest> {
  if (text.length > PROGRESS_CHARS) throw invalid(`The progress report is longer than ${PROGRESS_CHARS} characters.`);
  return parse(progressRequest, text);
}

const invalid = (message: string): BrokerError => new BrokerError('invalid_request', message);

function parse<T>(validator: { Check(value: unknown): value is T }, text: string): T {
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
