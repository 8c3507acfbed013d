import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TokenInfo } from '../api/types.ts';
import { AuditPage } from '../audit/audit-page.tsx';
import { ConnectorsPage } from '../connectors/connectors-page.tsx';
import { IntegrationPage } from '../integration/integration-page.tsx';
import { ClientsPage } from '../oauth-clients/clients-page.tsx';
import { TilesPage } from '../tiles/tiles-page.tsx';
import { TokensPage } from '../tokens/tokens-page.tsx';
import { Brand } from './brand.tsx';
import { Dialog } from './dialog.tsx';
import { LeaveGuardContext } from './leave-guard.ts';
import { type LeaveGuard, type Route, useRoute } from './route.ts';
import { useSession } from './session.ts';
import { useResource } from './use-resource.ts';

/** The frame around every page. */
export function Frame({ notice }: { readonly notice: string }) {
  const { signOut } = useSession();
  const guard = useMemo((): LeaveGuard => ({ isDirty: false }), []);
  const { route, isLeaving, leave, stay } = useRoute(guard);
  const main = useRef<HTMLElement>(null);
  const isAdministrator = useIsAdministrator();
  const pageKey = route.page === 'integration' ? [route.id, route.tab, ...(route.below ?? [])].join('/') : route.page;
  const initialPageKey = useRef(pageKey);
  // Moving the focus announces the new page to screen readers. The first page keeps the browser's focus.
  useEffect(() => {
    if (initialPageKey.current === pageKey) return;
    initialPageKey.current = '';
    main.current?.focus();
    window.scrollTo(0, 0);
  }, [pageKey]);
  const link = (page: Route['page'], href: string, text: string) => (
    <a href={href} aria-current={route.page === page ? 'page' : undefined}>
      {text}
    </a>
  );
  return (
    <LeaveGuardContext.Provider value={guard}>
      <button type="button" class="skip button primary" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <header class="top">
        <div class="top-inner">
          <a class="brand-link" href="#/" aria-label="Bulkhead, all integrations">
            <Brand />
          </a>
          <nav class="top-nav" aria-label="Main">
            {link('tiles', '#/', 'Integrations')}
            {link('connectors', '#/connectors', 'Connectors')}
            {isAdministrator && link('oauth-clients', '#/oauth-clients', 'OAuth clients')}
            {isAdministrator && link('tokens', '#/tokens', 'Tokens')}
            {isAdministrator && link('audit', '#/audit', 'Audit')}
          </nav>
          <button type="button" class="button quiet small" onClick={signOut}>
            Sign out
          </button>
        </div>
      </header>
      <ConnectionStatus />
      <main id="main" ref={main} tabIndex={-1} class="page">
        <Page route={route} />
      </main>
      <p class="toast" role="status">
        {notice}
      </p>
      {isLeaving && (
        <Dialog title="Leave without saving?" onClose={stay}>
          <p>You have unsaved changes on this page.</p>
          <div class="row end">
            <button type="button" class="button danger" onClick={leave}>
              Leave without saving
            </button>
            <button type="button" class="button primary" onClick={stay}>
              Stay on this page
            </button>
          </div>
        </Dialog>
      )}
    </LeaveGuardContext.Provider>
  );
}

function Page({ route }: { readonly route: Route }) {
  switch (route.page) {
    case 'tiles':
      return <TilesPage />;
    case 'connectors':
      return <ConnectorsPage />;
    case 'tokens':
      return <TokensPage />;
    case 'audit':
      return <AuditPage />;
    case 'oauth-clients':
      return <ClientsPage />;
    case 'integration':
      return (
        <IntegrationPage
          key={route.id}
          id={route.id}
          tab={route.tab}
          returnedId={route.returnedId}
          below={route.below ?? []}
        />
      );
    default:
      return (
        <div class="empty">
          <h1>Page not found</h1>
          <a class="button primary" href="#/">
            All integrations
          </a>
        </div>
      );
  }
}

/** Whether the token may see access tokens and the audit log. */
function useIsAdministrator(): boolean {
  const { value } = useResource<TokenInfo>({
    key: 'tokenInfo',
    load: (client, signal) => client.get<TokenInfo>('/tokenInfo', signal),
    isAffected: () => false,
  });
  return value?.scope === 'administrator' || value?.scope === 'full';
}

/** Warns while the server is unreachable. The feed reconnects by itself. */
function ConnectionStatus() {
  const { feed } = useSession();
  const [status, setStatus] = useState(feed.status);
  useEffect(() => {
    setStatus(feed.status);
    return feed.watch(setStatus);
  }, [feed]);
  return (
    <div class="connection" role="status">
      {status === 'lost' && <p class="notice warn">The server does not answer. Reconnecting…</p>}
    </div>
  );
}
