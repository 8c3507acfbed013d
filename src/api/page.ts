/**
 * The dashboard's built page and assets. They need no token: the page asks for it. The first request reads all of
 * them, so that all replies are of one build.
 */
import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context, Middleware } from 'koa';
import { requestError } from '../errors.ts';
import type { ApiContext } from './context.ts';
import { isNotModified } from './preconditions.ts';

const INDEX = 'index.html';
const PREFIX = '/dashboard/';
/** The bundler names files after their content. A hash with only lower-case letters is mistaken for a word. */
const HASHED_NAME = /-(?=[\w-]{0,7}[A-Z\d_])[\w-]{8}\.\w+$/;
const COMPRESSIBLE: ReadonlySet<string> = new Set([
  '.html',
  '.js',
  '.css',
  '.svg',
  '.json',
  '.webmanifest',
  '.map',
  '.txt',
]);

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data: blob:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

interface Asset {
  readonly extension: string;
  readonly plain: Buffer;
  /** Only where it is smaller. */
  readonly zipped: Buffer | undefined;
  readonly etag: string;
  readonly caching: string;
}

/** @param folder of the built dashboard */
export function servePage(folder: string): Middleware {
  let reading: Promise<ReadonlyMap<string, Asset>> | undefined;
  const assets = (): Promise<ReadonlyMap<string, Asset>> => {
    reading ??= readAssets(folder).catch((error) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
  return (ctx, next) => {
    const { path } = ctx;
    const isOurs = path === '/' || path === '/dashboard' || path.startsWith(PREFIX);
    return isOurs ? serve(ctx, next) : next();
  };

  async function serve(ctx: Context, next: () => Promise<unknown>): Promise<unknown> {
    const { path, method } = ctx;
    if (path === '/dashboard' || path === PREFIX) return ctx.redirect(path === PREFIX ? '../' : './');
    (ctx as ApiContext).state.route = { path: path === '/' ? path : `${PREFIX}{file}` };
    const isRead = method === 'GET' || method === 'HEAD';
    // The API answers a program that asks for JSON at its root.
    if (path === '/') ctx.vary('Accept');
    if (path === '/' && isRead && ctx.accepts('html', 'json') !== 'html') return next();
    const mount = path === '/' ? mountWithoutSlash(ctx) : undefined;
    if (mount !== undefined) return ctx.redirect(`./${mount}/${ctx.search}`);
    const asset = (await assets()).get(path === '/' ? INDEX : path.slice(PREFIX.length));
    if (!asset) throw requestError('not_found');
    if (!isRead) {
      ctx.set('Allow', 'GET, HEAD');
      throw requestError('method_not_allowed');
    }
    reply(ctx, asset);
  }
}

/**
 * The last segment of the path under which a host has mounted the runtime, if the request left out the slash
 * after it. The page's links are relative and need that slash. Express keeps the requested URL.
 */
function mountWithoutSlash({ req }: Context): string | undefined {
  const { originalUrl = '/' } = req as { originalUrl?: string };
  const [path = '/'] = originalUrl.split('?');
  return path.endsWith('/') ? undefined : path.split('/').at(-1);
}

function reply(ctx: Context, { extension, plain, zipped, etag, caching }: Asset): void {
  ctx.set(HEADERS);
  ctx.set('Cache-Control', caching);
  let body = plain;
  let tag = `"${etag}"`;
  if (zipped) {
    ctx.vary('Accept-Encoding');
    if (ctx.acceptsEncodings('gzip', 'identity') === 'gzip') {
      ctx.set('Content-Encoding', 'gzip');
      body = zipped;
      tag = `"${etag}-gzip"`;
    }
  }
  ctx.set('ETag', tag);
  ctx.status = 200;
  ctx.type = extension;
  ctx.body = body;
  if (isNotModified(ctx, tag)) ctx.status = 304;
}

/** Assets by path in the folder. Requests are looked up here, never in the file system. */
async function readAssets(folder: string): Promise<ReadonlyMap<string, Asset>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(join(folder, sep).length));
  const assets = names.map(async (name) => [name.replaceAll(sep, '/'), await readAsset(folder, name)] as const);
  return new Map(await Promise.all(assets));
}

async function readAsset(folder: string, name: string): Promise<Asset> {
  const plain = await readFile(join(folder, name));
  const extension = extname(name);
  const zipped = COMPRESSIBLE.has(extension) ? await promisify(gzip)(plain, { level: 9 }) : undefined;
  return {
    extension,
    plain,
    zipped: zipped && zipped.length < plain.length ? zipped : undefined,
    etag: hash('sha256', plain).slice(0, 32),
    caching: HASHED_NAME.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}
