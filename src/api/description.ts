/** `/openapi.json` and `/docs`: the same for every installation of a version, and needs no token. */
import { type ApiContext, replyJsonText } from './context.ts';
import type { OpenRoutes } from './public-routes.ts';

export function descriptionRoutes(version: string, publicUrl: () => string): OpenRoutes {
  // Made, and what makes them loaded, when they are first asked for; where the server is reached is known by then.
  let made: { readonly url: string; readonly json: string; readonly page: string; readonly policy: string } | undefined;
  const texts = async (): Promise<NonNullable<typeof made>> => {
    const url = `${publicUrl()}/v1`;
    if (made?.url === url) return made;
    const { describeApi } = await import('./openapi/document.ts');
    const { describePage, PAGE_POLICY } = await import('./openapi/page.ts');
    const description = describeApi(version, url);
    made = { url, json: JSON.stringify(description), page: describePage(description), policy: PAGE_POLICY };
    return made;
  };
  return new Map([
    [
      '/openapi.json',
      async (ctx: ApiContext) => {
        const { json } = await texts();
        replyJsonText(ctx, json);
      },
    ],
    [
      '/docs',
      async (ctx: ApiContext) => {
        const { page, policy } = await texts();
        ctx.type = 'text/html; charset=utf-8';
        ctx.set({
          'Content-Security-Policy': policy,
          'X-Content-Type-Options': 'nosniff',
          'Referrer-Policy': 'no-referrer',
        });
        ctx.body = page;
      },
    ],
  ]);
}
