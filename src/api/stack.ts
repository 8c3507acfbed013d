/** `POST /function`: runs functions of bundles for an account of integrator.io (contract 17). */
import type { Middleware } from 'koa';
import Type from '#typebox';
import { RequestError } from '../errors.ts';
import { callForStack } from '../integration/stack-call.ts';
import { stackRequestOf } from '../integration/stack-request.ts';
import { AnyObject } from '../json.ts';
import { readJson } from './body.ts';
import { abortSignalOf, accountOf, replyJsonText } from './context.ts';
import { runErrors } from './replies.ts';
import { type Route, route } from './route.ts';
import { AnyJson } from './schemas.ts';

const StackBody = Type.Object({
  _connectorId: Type.Optional(Type.String({ description: 'Id or name of the connector.' })),
  diy: Type.Optional(
    Type.Boolean({ description: '`true` instead of `_connectorId`: the bundle whose manifest has `"diy": true`.' }),
  ),
  type: Type.Optional(
    Type.String({
      description:
        '`hook`, `wrapper`, `setting`, `utility`, `installer` or `uninstaller`. Without it, the function is not in a section.',
    }),
  ),
  function: Type.String(),
  options: AnyObject,
  maxResponseSize: Type.Optional(Type.Integer({ minimum: 1, description: 'Characters. Default: 5 MiB.' })),
});

const PATH = '/function';

/** The protocol has its own message for an invalid token. */
export const refuseInStackWords: Middleware = (ctx, next) => (ctx.path === PATH ? inStackWords(next) : next());

async function inStackWords(next: () => Promise<unknown>): Promise<void> {
  try {
    await next();
  } catch (error) {
    if (!(error instanceof RequestError) || error.status !== 401) throw error;
    const item = { code: 'unauthorized', message: 'Invalid system token.' };
    throw new RequestError(401, [item], { 'WWW-Authenticate': 'invalid system token' });
  }
}

export const stackRoutes: readonly Route[] = [
  route.post(PATH, {
    scope: 'stack',
    tag: 'stack',
    summary: 'Calls a function like a stack of integrator.io',
    description: '`options.bearerToken` and `options._integrationId` are the caller’s.',
    body: { schema: StackBody },
    replies: { 200: { description: 'Result of the function.', schema: AnyJson } },
    errors: [...runErrors, 'invalid_field', 'missing_required_field'],
    passesOn: 'errors',
    async handle(ctx, { service }) {
      const body = await readJson(ctx, service.dispatcher.argument.bytes);
      const request = await stackRequestOf(service.work, accountOf(ctx), body, service.dispatcher.argument);
      replyJsonText(ctx, await callForStack(service, request, { trace: ctx.state.trace, signal: abortSignalOf(ctx) }));
    },
  }),
];
