/** `POST /exports/{_id}/{token}/data`: what applications send to a webhook (contract 16). */
import Type from '#typebox';
import { requestError } from '../errors.ts';
import { flowLimits } from '../flow/limits.ts';
import { parseBody, textOf, userBodyLimits } from '../parse-body.ts';
import { readBytes } from './body.ts';
import type { ApiContext } from './context.ts';
import { type Route, route } from './route.ts';

const JSON_TYPES = ['application/json', 'application/*+json'];
const FORM = 'application/x-www-form-urlencoded';
const TOKEN_CHARS = 500;
/** Items of a list: as many as a page has. */
const MESSAGES_MAX = flowLimits.pageRecords;

export const webhookRoutes: readonly Route[] = [
  route.post('/exports/{_id}/{token}/data', {
    scope: 'none',
    tag: 'exports',
    summary: 'Takes a message for a webhook export',
    description:
      'No bearer token: the path, a signature or a password says who sends it (`webhook.verify`). Answered once the message is stored; messages are read in the order of arrival. A list has one message per item.',
    body: {
      schema: Type.Unknown({ description: 'A record, or a list of records.' }),
      types: [...JSON_TYPES, FORM],
      limitBytes: flowLimits.messageBytes,
    },
    replies: {
      200: {
        description:
          'The message is stored. Status and body are those of `webhook.successStatusCode` and `webhook.successBody`.',
      },
      204: { description: 'The message is stored.' },
    },
    errors: ['not_found', 'unauthorized', 'invalid_json', 'overloaded'],
    async handle(ctx, { webhooks }) {
      const bytes = await readBytes(ctx);
      const { _id: exportId = '', token = '' } = ctx.params;
      const reply = await webhooks.receive({
        exportId,
        token: token.slice(0, TOKEN_CHARS),
        header: (name) => ctx.get(name),
        body: bytes,
        messages: () => messagesOf(ctx, bytes),
      });
      ctx.status = reply.status;
      if (reply.body !== undefined) ctx.body = reply.body;
    },
  }),
];

/** JSON of each message in a body. */
function messagesOf(ctx: ApiContext, bytes: Buffer): string[] {
  if (ctx.request.is(FORM)) return [JSON.stringify(Object.fromEntries(new URLSearchParams(textOf(bytes))))];
  if (!ctx.request.is(JSON_TYPES)) {
    throw requestError('unsupported_media_type', { message: `The body must be ${JSON_TYPES[0]} or ${FORM}.` });
  }
  const value = parseBody(bytes, userBodyLimits);
  if (Array.isArray(value)) {
    if (value.length > MESSAGES_MAX) {
      throw requestError('request_too_large', { message: `The list has more than ${MESSAGES_MAX} items.` });
    }
    return value.map((item) => JSON.stringify(item));
  }
  if (typeof value !== 'object' || value === null) {
    throw requestError('invalid_field', { field: '', message: 'The body must be a record, or a list of records.' });
  }
  return [textOf(bytes)];
}
