/** Request bodies: bounded, and mostly JSON objects. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import rawBody from 'raw-body';
import { requestError } from '../errors.ts';
import { checkedArgument } from '../integration/argument.ts';
import type { Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import { type BodyLimits, objectOf, parseBody, runBodyLimits, userBodyLimits } from '../parse-body.ts';
import { assertValid } from '../schema.ts';
import { type ApiContext, accountOf } from './context.ts';
import { askForBody } from './expectation.ts';
import type { Body } from './operation.ts';

const inflate = promisify(gunzip);

const BODY_LIMIT_BYTES = 1024 * 1024;
/** A connector may write settings of 5 MiB. */
const RUN_BODY_LIMIT_BYTES = 8 * 1024 * 1024;
const NO_BODY = Buffer.from('{}');

export interface ObjectBody {
  readonly bytes: Buffer;
  readonly value: JsonObject;
}

/** A user's body as a JSON object, checked by the route's validator; `{}` without a body. */
export async function readObject(ctx: ApiContext): Promise<ObjectBody> {
  const bytes = await readJson(ctx);
  const value = objectOf(parseBody(bytes, bodyLimitsOf(ctx)));
  const { validator } = bodyOf(ctx);
  if (validator) assertValid(validator, value);
  return { bytes, value };
}

/** The argument of a function call: JSON of an object. */
export async function readArgument(ctx: ApiContext, { work, dispatcher }: Service): Promise<Buffer> {
  const body = await readJson(ctx, dispatcher.argument.bytes);
  return checkedArgument(work, accountOf(ctx), body, dispatcher.argument);
}

/** Limits of a body, by sender. */
export const bodyLimitsOf = ({ state: { grant } }: ApiContext): BodyLimits => (grant ? runBodyLimits : userBodyLimits);

/** A JSON body, unparsed; `{}` without a body. */
export async function readJson(ctx: ApiContext, limitBytes = bodyLimitOf(ctx)): Promise<Buffer> {
  const { req } = ctx;
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  if (!hasBody) return NO_BODY;
  assertJsonType(ctx);
  const bytes = await (codingOf(ctx) === 'gzip' ? readGzip(ctx, limitBytes) : readBytes(ctx, limitBytes));
  return bytes.length === 0 ? NO_BODY : bytes;
}

/** The body as the route's table entry describes it. */
const bodyOf = ({ state: { route } }: ApiContext): Partial<Body> => route?.body ?? {};

/** Maximum size of the route's body, in bytes. */
export function bodyLimitOf(ctx: ApiContext): number {
  return bodyOf(ctx).limitBytes ?? (ctx.state.grant ? RUN_BODY_LIMIT_BYTES : BODY_LIMIT_BYTES);
}

/** @throws RequestError 415 if the body has none of the route's types, or is encoded */
export function assertFileType(ctx: ApiContext): void {
  const { types = [] } = bodyOf(ctx);
  if (!ctx.request.is([...types])) {
    throw requestError('unsupported_media_type', { message: `The body must be ${types[0]}.` });
  }
  assertCoding(ctx, ['identity']);
}

/** Codings of JSON bodies that are accepted, for `Accept-Encoding` (RFC 7694). */
const CODINGS = ['gzip', 'identity'];

function assertJsonType(ctx: ApiContext): void {
  // What nearly all clients send needs no parsing.
  if (ctx.req.headers['content-type'] !== 'application/json') {
    if (!ctx.request.is('application/json', 'application/*+json')) throw requestError('unsupported_media_type');
    assertCharset(ctx.request.charset.toLowerCase());
  }
  assertCoding(ctx, CODINGS);
}

function assertCharset(charset: string): void {
  if (['', 'utf-8', 'utf8'].includes(charset)) return;
  const message = `The charset ${JSON.stringify(charset.slice(0, 100))} is not supported. Send UTF-8.`;
  throw requestError('unsupported_media_type', { message });
}

/** @throws RequestError 415 for a `Content-Encoding` that is not supported */
function assertCoding(ctx: ApiContext, supported: readonly string[]): void {
  const coding = codingOf(ctx);
  if (supported.includes(coding)) return;
  ctx.set('Accept-Encoding', supported.join(', '));
  const message = `The content coding ${JSON.stringify(coding.slice(0, 100))} is not supported. Send ${supported.join(' or ')}.`;
  throw requestError('unsupported_media_type', { message });
}

function codingOf(ctx: ApiContext): string {
  const coding = ctx.get('Content-Encoding').trim().toLowerCase();
  return coding === '' ? 'identity' : coding.replace(/^x-gzip$/, 'gzip');
}

/** Bounded both as it arrives and inflated. */
async function readGzip(ctx: ApiContext, limitBytes: number): Promise<Buffer> {
  const zipped = await readBytes(ctx, limitBytes);
  try {
    return await inflate(zipped, { maxOutputLength: limitBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limitBytes);
    throw requestError('bad_request', { message: 'The body is not valid gzip.' });
  }
}

const tooLarge = (limitBytes: number): Error =>
  requestError('request_too_large', { message: `The body is larger than ${limitBytes} bytes.` });

/** The body's bytes, of any type. */
export async function readBytes(ctx: ApiContext, limitBytes = bodyLimitOf(ctx)): Promise<Buffer> {
  const { body } = ctx.state;
  if (body) {
    if (body.length > limitBytes) throw tooLarge(limitBytes);
    return body;
  }
  const { 'content-length': length } = ctx.req.headers;
  try {
    if (!(Number(length) > limitBytes)) askForBody(ctx);
    return await rawBody(ctx.req, { limit: limitBytes, length: length ?? null });
  } catch (error) {
    const { type } = error as { type?: string };
    if (type === 'entity.too.large') {
      // The rest is not read.
      ctx.set('Connection', 'close');
      throw tooLarge(limitBytes);
    }
    if (type === 'stream.not.readable') {
      // The embedder's mistake, not the client's.
      const message = 'The body was already read. Mount the runtime before any body parser.';
      throw requestError('internal_error', { message });
    }
    throw requestError('bad_request', { message: 'The body arrived incomplete.' });
  }
}
