/** Every reply to a GET of lists and items, for comparing two servers. */
import { hash } from 'node:crypto';
import { routes } from '../../src/api/routes.ts';
import { createPooledClient, type Reply } from './client.ts';

/** Routes about the server itself, and routes that call another server. */
const NOT_WALKED = [
  '/backup',
  '/connections/{_id}/ping',
  '/docs',
  '/events',
  '/healthz',
  // They tell of the time at which they are asked.
  '/jobs/hourly',
  '/schedule',
  '/metrics',
  '/openapi.json',
  '/readyz',
];
const CONNECTIONS = 8;

/** GET routes of lists and items, including future ones. */
export const walkedRoutes: readonly string[] = [
  ...new Set(routes.filter(({ method }) => method === 'get').map(({ path }) => path)),
].filter((path) => !NOT_WALKED.includes(path));

/** Status, entity tag and digest of the body by path, page by page, without the server's address. */
export async function walkApi(
  url: string,
  token: string,
  isWalked: (route: string) => boolean = () => true,
): Promise<Map<string, string>> {
  const { client, close } = createPooledClient(url, token, CONNECTIONS);
  const replies = new Map<string, string>();
  /** Ids in a list: values for the next parameter. */
  const ids = new Map<string, Promise<readonly string[]>>();

  const get = async (path: string): Promise<Reply> => {
    const reply = await client('GET', path);
    const text = reply.text.replaceAll(url, '');
    replies.set(path, `${reply.status} ${reply.headers.get('etag')} ${hash('sha256', text)} ${text.slice(0, 1_000)}`);
    return reply;
  };
  const getAll = async (path: string): Promise<readonly string[]> => {
    const found: string[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const { body, headers } = await get(next);
      if (Array.isArray(body)) found.push(...body.map(({ _id }) => _id));
      else found.push(...(body?.keys ?? []));
      const link: string | undefined = /<([^>]*)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
      next = link?.replace(url, '');
    }
    return found;
  };
  const idsIn = (path: string): Promise<readonly string[]> => {
    const known = ids.get(path) ?? getAll(path);
    ids.set(path, known);
    return known;
  };
  /** Paths of a route, with parameters filled from the lists. */
  const pathsOf = async (route: string): Promise<readonly string[]> => {
    const at = route.lastIndexOf('/{');
    if (at < 0) return [route];
    const rest = route.slice(route.indexOf('}', at) + 1);
    const lists = await pathsOf(route.slice(0, at));
    const all = await Promise.all(
      lists.map(async (list) => (await idsIn(list)).map((id) => `${list}/${encodeURIComponent(id)}${rest}`)),
    );
    return all.flat();
  };
  for (const route of walkedRoutes.filter(isWalked)) await Promise.all((await pathsOf(route)).map(idsIn));
  await close();
  return replies;
}
