import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ConnectorPage } from '../connectors/connector-page.tsx';
import { ConnectorsPage } from '../connectors/connectors-page.tsx';
import { HomePage } from '../home/home-page.tsx';
import { AllRunsPage } from '../runs/all-runs-page.tsx';
import type { Route } from './address.ts';
import { Brand } from './brand.tsx';
import { Dialog } from './dialog.tsx';
import { lazy } from './lazy.tsx';
import { LeaveGuardContext } from './leave-guard.ts';
import { type LeaveGuard, useRoute } from './route.ts';
import { useSession } from './session.ts';

const IntegrationPage = lazy(() =>
  import('../integration/integration-page.tsx').then(({ IntegrationPage }) => IntegrationPage),
);
const ServerPage = lazy(() => import('../server/server-page.tsx').then(({ ServerPage }) => ServerPage));

/** The frame around every page. */
export function Frame({ notice }: { readonly notice: string }) {
  const { signOut } = useSession();
  const guard = useMemo((): LeaveGuard => ({ isDirty: false }), []);
  const { route, isLeaving, leave, stay } = useRoute(guard);
  const main = useRef<HTMLElement>(null);
  const pageKey = pageKeyOf(route);
  const initialPageKey = useRef(pageKey);
  // Moving the focus announces the new page to screen readers. The first page keeps the browser's focus.
  useEffect(() => {
    if (initialPageKey.current === pageKey) return;
    initialPageKey.current = '';
    main.current?.focus();
    window.scrollTo(0, 0);
  }, [pageKey]);
  const link = (pages: readonly Route['page'][], href: string, text: string) => (
    <a href={href} aria-current={pages.includes(route.page) ? (pages[0] === route.page ? 'page' : 'true') : undefined}>
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
          <a class="brand-link" href="#/" aria-label="Bulkhead, Home">
            <Brand />
          </a>
          <nav class="top-nav" aria-label="Main">
            {link(['home', 'integration'], '#/', 'Home')}
            {link(['connectors', 'connector'], '#/connectors', 'Connectors')}
            {link(['runs'], '#/runs', 'Runs')}
            {link(['server'], '#/server', 'Server')}
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
    case 'home':
      return <HomePage />;
    case 'connectors':
      return <ConnectorsPage />;
    case 'connector':
      return <ConnectorPage key={route.id} id={route.id} />;
    case 'runs':
      return <AllRunsPage />;
    case 'server':
      return <ServerPage section={route.section} />;
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
          <h1>There is no such page</h1>
          <p class="muted">The address may be incomplete, or of another version.</p>
          <a class="button primary" href="#/">
            Go to Home
          </a>
        </div>
      );
  }
}

/** Changes when another page, or another part of one, is shown. */
function pageKeyOf(route: Route): string {
  switch (route.page) {
    case 'integration':
      return [route.id, route.tab, ...(route.below ?? [])].join('/');
    case 'connector':
      return route.id;
    case 'server':
      return route.section;
    default:
      return route.page;
  }
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
