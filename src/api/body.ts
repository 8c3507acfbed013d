/** Request bodies: bounded, JSON, mostly objects. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import rawBody from 'raw-body';
import { requestError } from '../errors.ts';
import { checkedArgument } from '../integration/argument.ts';
import type { Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import { type BodyLimits, objectOf, parseBody, runBodyLimits, userBodyLimits } from '../parse-body.ts';
import { type ApiContext, accountOf } from './context.ts';
import { askForBody } from './expectation.ts';

const inflate = promisify(gunzip);

export const BODY_LIMIT_BYTES = 1024 * 1024;
/** A connector may write settings of 5 MiB. */
const RUN_BODY_LIMIT_BYTES = 8 * 1024 * 1024;
const NO_BODY = Buffer.from('{}');

export interface ObjectBody {
  readonly bytes: Buffer;
  readonly value: JsonObject;
}

/** A body that only users send, as a JSON object; no body is an empty one. */
export async function readObject(ctx: ApiContext): Promise<ObjectBody> {
  const bytes = await readJson(ctx);
  return { bytes, value: objectOf(parseBody(bytes, bodyLimitsOf(ctx))) };
}

/** The argument of a function call: JSON of an object. */
export async function readArgument(ctx: ApiContext, { work, dispatcher }: Service): Promise<Buffer> {
  const body = await readJson(ctx, dispatcher.argument.bytes);
  return checkedArgument(work, accountOf(ctx), body, dispatcher.argument);
}

/** What a body may hold, by who sends it. */
export const bodyLimitsOf = ({ state: { grant } }: ApiContext): BodyLimits => (grant ? runBodyLimits : userBodyLimits);

/** A JSON body as it came, not parsed; `{}` without one. */
export async function readJson(ctx: ApiContext, limitBytes = limitOf(ctx)): Promise<Buffer> {
  const { req } = ctx;
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  if (!hasBody) return NO_BODY;
  assertJsonType(ctx);
  const bytes = await (codingOf(ctx) === 'gzip' ? readGzip(ctx, limitBytes) : readBytes(ctx, limitBytes));
  return bytes.length === 0 ? NO_BODY : bytes;
}

const limitOf = ({ state: { grant } }: ApiContext): number => (grant ? RUN_BODY_LIMIT_BYTES : BODY_LIMIT_BYTES);

/** Codings of a JSON body that are taken, as `Accept-Encoding` lists them (RFC 7694). */
const CODINGS = ['gzip', 'identity'];

function assertJsonType(ctx: ApiContext): void {
  const { 'content-type': type } = ctx.req.headers;
  const isJson = type === 'application/json' || ctx.request.is('application/json', 'application/*+json');
  if (!isJson) throw requestError('unsupported_media_type');
  const charset = ctx.request.charset.toLowerCase();
  if (!['', 'utf-8', 'utf8'].includes(charset)) {
    const message = `The charset ${JSON.stringify(charset.slice(0, 100))} is not supported: send UTF-8.`;
    throw requestError('unsupported_media_type', { message });
  }
  assertCoding(ctx, CODINGS);
}

/** @throws RequestError 415 that names a `Content-Encoding` which is not supported */
export function assertCoding(ctx: ApiContext, supported: readonly string[]): void {
  const coding = codingOf(ctx);
  if (supported.includes(coding)) return;
  ctx.set('Accept-Encoding', supported.join(', '));
  const message = `The content coding ${JSON.stringify(coding.slice(0, 100))} is not supported: send ${supported.join(' or ')}.`;
  throw requestError('unsupported_media_type', { message });
}

function codingOf(ctx: ApiContext): string {
  const coding = ctx.get('Content-Encoding').trim().toLowerCase();
  return coding === '' ? 'identity' : coding.replace(/^x-gzip$/, 'gzip');
}

/** Bounded as it arrives, and as it is inflated. */
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

/** The body as it is, whatever it is. */
export async function readBytes(ctx: ApiContext, limitBytes = limitOf(ctx)): Promise<Buffer> {
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
      // What is still to come is not read.
      ctx.set('Connection', 'close');
      throw tooLarge(limitBytes);
    }
    if (type === 'stream.not.readable') {
      // The host's doing, and not the client's.
      const message = 'The body was read before it came here: mount the runtime in front of what parses bodies.';
      throw requestError('internal_error', { message });
    }
    throw requestError('bad_request', { message: 'The body did not arrive whole.' });
  }
}
