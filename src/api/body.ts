/** Request bodies: bounded, JSON, mostly objects. */
import rawBody from 'raw-body';
import { requestError } from '../errors.ts';
import { checkedArgument } from '../integration/argument.ts';
import type { Service } from '../integration/service.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { type BodyLimits, parseBody, RUN_PARTS } from '../parse-body.ts';
import { type ApiContext, accountOf } from './context.ts';

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
  const value = parseBody(bytes, bodyLimitsOf(ctx));
  if (!isJsonObject(value)) {
    throw requestError('invalid_field', { field: '', message: 'The body must be a JSON object.' });
  }
  return { bytes, value };
}

/** The argument of a function call: JSON of an object. */
export async function readArgument(ctx: ApiContext, { work, dispatcher }: Service): Promise<Buffer> {
  const body = await readJson(ctx, dispatcher.argument.bytes);
  return checkedArgument(work, accountOf(ctx), body, dispatcher.argument);
}

/** What a body may hold, by who sends it. */
export const bodyLimitsOf = ({ state: { grant } }: ApiContext): BodyLimits => ({
  parts: grant ? RUN_PARTS : Number.POSITIVE_INFINITY,
});

/** A JSON body as it came, not parsed; `{}` without one. */
export async function readJson(ctx: ApiContext, limitBytes = limitOf(ctx)): Promise<Buffer> {
  const { req } = ctx;
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  if (!hasBody) return NO_BODY;
  assertJsonType(ctx);
  const bytes = await readBytes(ctx, limitBytes);
  return bytes.length === 0 ? NO_BODY : bytes;
}

const limitOf = ({ state: { grant } }: ApiContext): number => (grant ? RUN_BODY_LIMIT_BYTES : BODY_LIMIT_BYTES);

function assertJsonType(ctx: ApiContext): void {
  const { 'content-type': type, 'content-encoding': encoding = 'identity' } = ctx.req.headers;
  const isJson = type === 'application/json' || ctx.request.is('application/json', 'application/*+json');
  const charset = ctx.request.charset.toLowerCase();
  if (!isJson || (charset !== '' && charset !== 'utf-8' && charset !== 'utf8') || encoding !== 'identity') {
    throw requestError('unsupported_media_type');
  }
}

/** The body as it is, whatever it is. */
export async function readBytes(ctx: ApiContext, limitBytes = limitOf(ctx)): Promise<Buffer> {
  try {
    return await rawBody(ctx.req, { limit: limitBytes, length: ctx.req.headers['content-length'] ?? null });
  } catch (error) {
    const { type } = error as { type?: string };
    if (type === 'entity.too.large') {
      // What is still to come is not read.
      ctx.set('Connection', 'close');
      throw requestError('request_too_large', { message: `The body is larger than ${limitBytes} bytes.` });
    }
    if (type === 'stream.not.readable') {
      // The host's doing, and not the client's.
      const message = 'The body was read before it came here: mount the runtime in front of what parses bodies.';
      throw requestError('internal_error', { message });
    }
    throw requestError('bad_request', { message: 'The body did not arrive whole.' });
  }
}
