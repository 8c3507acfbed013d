/** `/openapi.json` and `/docs`. They reveal nothing about an installation, so they need no token. */
import Type from '#typebox';
import { AnyObject } from '../json.ts';
import { replyJsonText } from './context.ts';
import { type Route, route } from './route.ts';

export const descriptionRoutes: readonly Route[] = [
  route.get('/openapi.json', {
    scope: 'none',
    runs: 'own',
    tag: 'server',
    summary: 'Returns this API description',
    replies: { 200: { description: 'OpenAPI 3.1.', schema: AnyObject } },
    async handle(ctx, { description }) {
      replyJsonText(ctx, (await description.texts()).json);
    },
  }),
  route.get('/docs', {
    scope: 'none',
    runs: 'own',
    tag: 'server',
    summary: 'Shows this API description as a page',
    replies: { 200: { description: 'An HTML page.', schema: Type.String(), type: 'text/html' } },
    async handle(ctx, { description }) {
      const { page, policy } = await description.texts();
      ctx.type = 'text/html; charset=utf-8';
      ctx.set({
        'Content-Security-Policy': policy,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
      });
      ctx.body = page;
    },
  }),
];
