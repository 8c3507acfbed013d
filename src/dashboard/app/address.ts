/** The dashboard's addresses: fragments of its URL. Pure. */

export const tabs = ['setup', 'settings', 'flows', 'records', 'runs', 'remove'] as const;
export type Tab = (typeof tabs)[number];

export const serverSections = ['status', 'tokens', 'oauth-clients', 'audit', 'backup'] as const;
export type ServerSection = (typeof serverSections)[number];

export type Route =
  | { readonly page: 'home' }
  | { readonly page: 'connectors' }
  | { readonly page: 'connector'; readonly id: string }
  | { readonly page: 'runs' }
  | { readonly page: 'server'; readonly section: ServerSection }
  /** Without a tab, the integration's mode decides. */
  | {
      readonly page: 'integration';
      readonly id: string;
      readonly tab?: Tab;
      /** The connection that the user is back from its provider with. */
      readonly returnedId?: string | undefined;
      /** Of the tab `flows`: ids of a flow and a job of it. */
      readonly below?: readonly string[];
    }
  | { readonly page: 'unknown' };

const RETURNED = 'connected';
const isId = (text: string): boolean => /^[0-9a-f]{24}$/.test(text);
const UNKNOWN: Route = { page: 'unknown' };

export function parseRoute(hash: string): Route {
  const [path = '', query] = hash.replace(/^#?\/?/, '').split('?');
  const [first = '', second, third, ...rest] = path.replace(/\/$/, '').split('/');
  if (first === 'integrations' && third === 'flows' && second !== undefined && isId(second)) {
    return rest.length <= 2 && rest.every(isId)
      ? { page: 'integration', id: second, tab: third, below: rest }
      : UNKNOWN;
  }
  if (rest.length > 0) return UNKNOWN;
  switch (first) {
    case '':
      return { page: 'home' };
    case 'connectors':
      if (second === undefined) return { page: 'connectors' };
      return isId(second) && third === undefined ? { page: 'connector', id: second } : UNKNOWN;
    case 'runs':
      return second === undefined ? { page: 'runs' } : UNKNOWN;
    case 'server':
      return third === undefined ? serverRoute(second ?? 'status') : UNKNOWN;
    case 'integrations':
      return second !== undefined && isId(second) ? integrationRoute(second, third, query) : UNKNOWN;
    default:
      // Where these pages were before there was one for the server: bookmarks still work.
      return second === undefined && first !== 'status' && first !== 'backup' ? serverRoute(first) : UNKNOWN;
  }
}

function serverRoute(name: string): Route {
  const section = serverSections.find((section) => section === name);
  return section ? { page: 'server', section } : UNKNOWN;
}

function integrationRoute(id: string, name: string | undefined, query: string | undefined): Route {
  if (name === undefined) return { page: 'integration', id };
  const tab = tabs.find((tab) => tab === name);
  if (!tab) return UNKNOWN;
  const returnedId = new URLSearchParams(query).get(RETURNED) ?? '';
  return { page: 'integration', id, tab, returnedId: isId(returnedId) ? returnedId : undefined };
}

export const integrationHref = (id: string, tab?: Tab): string => `#/integrations/${id}${tab ? `/${tab}` : ''}`;

export const connectorHref = (id: string): string => `#/connectors/${id}`;

export const serverHref = (section: ServerSection): string =>
  section === 'status' ? '#/server' : `#/server/${section}`;

/** Opens one run in the list of its integration. */
export const runHref = (integrationId: string, runId: string): string =>
  `${integrationHref(integrationId, 'runs')}?run=${runId}`;

/** Where a user comes back to from the provider of a connection. */
export const returnHref = (id: string, tab: Tab, connectionId: string): string =>
  `${integrationHref(id, tab)}?${RETURNED}=${connectionId}`;
