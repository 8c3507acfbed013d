/** `/openapi.json` and `/docs`: the same for every installation of a version, and needs no token. */
import type { ApiContext } from './context.ts';
import type { OpenRoutes } from './open.ts';
import { describeApi } from './openapi/document.ts';
import { describePage, PAGE_POLICY } from './openapi/page.ts';

export function descriptionRoutes(version: string, publicUrl: () => string): OpenRoutes {
  // Made when they are first asked for; where the server is reached is known by then.
  let made: { readonly url: string; readonly json: string; readonly page: string } | undefined;
  const texts = (): { readonly json: string; readonly page: string } => {
    const url = `${publicUrl()}/v1`;
    if (made?.url === url) return made;
    const description = describeApi(version, url);
    made = { url, json: JSON.stringify(description), page: describePage(description) };
    return made;
  };
  return new Map([
    [
      '/openapi.json',
      (ctx: ApiContext) => {
        ctx.type = 'application/json; charset=utf-8';
        ctx.body = texts().json;
      },
    ],
    [
      '/docs',
      (ctx: ApiContext) => {
        ctx.type = 'text/html; charset=utf-8';
        ctx.set({
          'Content-Security-Policy': PAGE_POLICY,
          'X-Content-Type-Options': 'nosniff',
          'Referrer-Policy': 'no-referrer',
        });
        ctx.body = texts().page;
      },
    ],
  ]);
}
