/** What a connector's bundle shows to people: its image and its texts, as they are. */
import Type from '#typebox';
import { type BundleTextName, bundleTextNames, bundleTexts, TEXT_LIMIT_BYTES } from '../connector/presentation.ts';
import { requestError } from '../errors.ts';
import { existingRow } from './connectors.ts';
import type { ApiContext } from './context.ts';
import { isNotModified } from './preconditions.ts';
import { notModified } from './replies.ts';
import { type Route, route } from './route.ts';

const names: Readonly<Record<BundleTextName, string>> = { readme: 'README', changelog: 'changelog' };

export const presentationRoutes: readonly Route[] = [
  route.get('/connectors/{_id}/image', {
    scope: 'read',
    tag: 'connectors',
    summary: "Reads the connector's image from its bundle",
    headers: ['If-None-Match'],
    replies: {
      200: { description: 'The image.', schema: Type.Unknown(), type: 'image/*', headers: ['ETag'] },
      304: notModified,
    },
    errors: ['not_found'],
    async handle(ctx, { service }) {
      const image = service.catalog.presentationOf((await existingRow(ctx, service))._id)?.image;
      if (!image) throw requestError('not_found', { message: 'The connector has no image of its own.' });
      replyFile(ctx, image.type, image.bytes, image.etag);
    },
  }),
  ...bundleTextNames.map((name) =>
    route.get(`/connectors/{_id}/${name}`, {
      scope: 'read',
      tag: 'connectors',
      summary: `Reads the connector's ${names[name]} from its bundle`,
      description: `${bundleTexts[name]} in the bundle, up to ${TEXT_LIMIT_BYTES} bytes. Its author wrote it: treat it as untrusted.`,
      headers: ['If-None-Match'],
      replies: {
        200: { description: 'Markdown.', schema: Type.String(), type: 'text/markdown', headers: ['ETag'] },
        304: notModified,
      },
      errors: ['not_found'],
      async handle(ctx, { service }) {
        const text = service.catalog.presentationOf((await existingRow(ctx, service))._id)?.texts.get(name);
        if (!text) {
          const message = `The connector has no ${bundleTexts[name]} that is text of at most ${TEXT_LIMIT_BYTES} bytes.`;
          throw requestError('not_found', { message });
        }
        replyFile(ctx, 'text/markdown; charset=utf-8', text.text, text.etag);
      },
    }),
  ),
];

/** An SVG may hold scripts, a text may look like a page. None may run, wherever it is opened. */
function replyFile(ctx: ApiContext, type: string, body: Buffer | string, etag: string): void {
  ctx.set({
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    'Cache-Control': 'private, no-cache',
    ETag: etag,
  });
  ctx.status = 200;
  ctx.type = type;
  ctx.body = body;
  if (isNotModified(ctx, etag)) ctx.status = 304;
}
