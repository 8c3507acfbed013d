/** `/connections/{_id}/proxy`: requests with a connection's credentials, which stay hidden (contract 8). */
import Type from '#typebox';
import { methods } from '../broker/platform-api.ts';
import { requestError } from '../errors.ts';
import { redactAnswer } from '../record/redaction-task.ts';
import { readBytes } from './body.ts';
import { accountOf } from './context.ts';
import { openConnection } from './open-connection.ts';
import { headersToPassOn, headerText } from './proxy-headers.ts';
import { type Route, route } from './route.ts';
import { sendToApplication } from './send-to-application.ts';

/** Response headers that concern the application's connection to us or its own origin, not its answer. */
const NOT_PASSED_BACK =
  /^(?:connection|keep-alive|transfer-encoding|upgrade|te|trailer|proxy-.*|content-(?:encoding|length)|set-cookie|strict-transport-security|alt-svc|clear-site-data|access-control-.*|bulkhead-.*|x-request-id)$/;
const BODILESS = ['GET', 'HEAD'];

export const connectionRoutes: readonly Route[] = [
  route.post('/connections/{_id}/proxy', {
    scope: 'integrations',
    runs: 'own',
    tag: 'connections',
    summary: "Sends a request to the application with the connection's credentials",
    description:
      'Forwards the body and all request headers except hop-by-hop headers (RFC 9110, 7.6.1), headers of this API (`Integrator-*`, `Bulkhead-*`, `Accept-Encoding`, the trace) and credentials (`Authorization`, `Cookie`). `Content-Encoding` and `Idempotency-Key` go to the application.',
    headers: ['Integrator-Method', 'Integrator-Relative-URI', 'Integrator-Templates'],
    body: {
      schema: Type.Unknown({ description: 'Any body that the application accepts.' }),
      types: ['*/*'],
      isRequired: false,
    },
    replies: {},
    errors: [
      'not_found',
      'invalid_field',
      'credentials_unreadable',
      'permission_denied',
      'connection_failed',
      'exchange_refused',
    ],
    passesOn: 'replies',
    async handle(ctx, api) {
      const { service } = api;
      const body = await readBytes(ctx);
      const method = (ctx.get('Integrator-Method') || 'GET').toUpperCase();
      if (!methods.some((known) => known === method)) {
        const message = `${method.slice(0, 50)} is not an HTTP method`;
        throw requestError('invalid_field', { field: 'Integrator-Method', message });
      }
      const relativeURI = headerText(ctx.get('Integrator-Relative-URI'));
      const { response, secrets } = await sendToApplication(ctx, api, await openConnection(ctx, service), {
        method,
        relativeURI,
        headers: headersToPassOn(ctx.req.headers),
        body: BODILESS.includes(method) ? undefined : body,
        fillsTemplates: !ctx.state.grant || ctx.get('Integrator-Templates') === 'true',
      });
      const reply = await redactAnswer(service.work, accountOf(ctx), secrets, response);
      ctx.status = response.status;
      // Distinguishes the application's answer from our own errors. Applications cannot send it: see below.
      ctx.set('Bulkhead-Proxied', 'true');
      for (const [name, value] of reply.headers) if (!NOT_PASSED_BACK.test(name)) ctx.append(name, value);
      ctx.body = reply.body;
    },
  }),
];
