/** `POST /exports/{_id}/{token}/data`: messages of applications to a webhook (contract 16). */
import Type from '#typebox';
import { RequestError, requestError } from '../errors.ts';
import { flowLimits } from '../flow/limits.ts';
import { readBytes } from './body.ts';
import type { ApiContext } from './context.ts';
import { clientOf } from './rate-limit.ts';
import { type Api, type Route, route } from './route.ts';
import { tasks } from './webhook-tasks.ts';

const JSON_TYPES = ['application/json', 'application/*+json'];
const FORM = 'application/x-www-form-urlencoded';
const TOKEN_CHARS = 500;

export const webhookRoutes: readonly Route[] = [
  route.post('/exports/{_id}/{token}/data', {
    scope: 'none',
    tag: 'exports',
    summary: 'Receives a message for a webhook export',
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
    errors: ['not_found', 'unauthorized', 'rate_limited', 'invalid_json', 'overloaded'],
    async handle(ctx, { webhooks, webhookSenders, service }) {
      const { _id: exportId = '', token = '' } = ctx.params;
      const sender = `${exportId} ${clientOf(ctx) ?? ''}`;
      webhookSenders.assertMayTry(sender);
      const bytes = await readBytes(ctx);
      const reply = await webhooks
        .receive({
          exportId,
          token: token.slice(0, TOKEN_CHARS),
          header: (name) => ctx.get(name),
          body: bytes,
          messages: () => messagesOf(ctx, service, bytes),
        })
        .catch((error) => {
          if (error instanceof RequestError && error.code === 'unauthorized') webhookSenders.failed(sender);
          throw error;
        });
      webhookSenders.succeeded(sender);
      ctx.status = reply.status;
      if (reply.body !== undefined) ctx.body = reply.body;
    },
  }),
];

/** JSON of each message in a body. @throws RequestError */
async function messagesOf(ctx: ApiContext, { work }: Api['service'], body: Buffer): Promise<string[]> {
  const isForm = ctx.request.is(FORM) !== false;
  if (!isForm && !ctx.request.is(JSON_TYPES)) {
    throw requestError('unsupported_media_type', { message: `The body must be ${JSON_TYPES[0]} or ${FORM}.` });
  }
  const account = { owner: ctx.params._id ?? '', charge() {} };
  return (await work.run(tasks, 'messages', { body, isForm }, body.length, account)).messages;
}
