/**
 * The dashboard's page and its assets, as they were built. They need no token: the page asks for it.
 * All of them are read when the first is asked for, so that what is answered is of one build.
 */
import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context, Middleware } from 'koa';
import { requestError } from '../errors.ts';
import type { ApiContext } from './context.ts';
import { isKnown } from './preconditions.ts';

const INDEX = 'index.html';
const PREFIX = '/dashboard/';
/** Made by the bundler: another content has another name. A hash of lower-case letters alone counts as a word. */
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
  /** Only if it is worth it. */
  readonly zipped: Buffer | undefined;
  readonly etag: string;
  readonly caching: string;
}

/** @param folder what the dashboard's build has left */
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
    const isPages = path === '/' || path === '/dashboard' || path.startsWith(PREFIX);
    return isPages ? serve(ctx, next) : next();
  };

  async function serve(ctx: Context, next: () => Promise<unknown>): Promise<unknown> {
    const { path, method } = ctx;
    if (path === '/dashboard' || path === PREFIX) return ctx.redirect(path === PREFIX ? '../' : './');
    (ctx as ApiContext).state.route = path === '/' ? path : `${PREFIX}{file}`;
    const isRead = method === 'GET' || method === 'HEAD';
    // A program that asks for JSON at the API's root is answered by the API.
    if (path === '/') ctx.vary('Accept');
    if (path === '/' && isRead && ctx.accepts('html', 'json') !== 'html') return next();
    const mount = path === '/' ? withoutSlash(ctx) : undefined;
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
 * The last part of the path that a host has mounted the runtime under, if it was asked for without a slash
 * behind it: the page's own addresses are relative. Express keeps what was asked for.
 */
function withoutSlash({ req }: Context): string | undefined {
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
  if (isKnown(ctx, tag)) ctx.status = 304;
}

/** By their path in the folder; what is asked for is looked up in it, and never in the file system. */
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
