/** The request of the capability `fetch`. */
import Type, { Compile, type Static } from '#typebox';
import { invalidAsk, parseAsk } from './parse-ask.ts';
import { methods } from './platform-api.ts';

const HEADERS = 100;
/** All headers together. Servers accept less. */
const HEADERS_CHARS = 64 * 1024;

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

/** @throws BrokerError `invalid_request` */
export function parseFetchRequest(text: string): FetchRequest {
  const request = parseAsk<FetchRequest>(fetchRequest, text);
  let chars = 0;
  for (const [name, value] of request.headers) chars += name.length + value.length;
  if (chars > HEADERS_CHARS) throw invalidAsk(`The headers are longer than ${HEADERS_CHARS} characters.`);
  return request;
}
