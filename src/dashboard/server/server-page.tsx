import { type ServerSection, serverHref, serverSections } from '../app/address.ts';
import { AuditPage } from '../audit/audit-page.tsx';
import { ClientsPage } from '../oauth-clients/clients-page.tsx';
import { TokensPage } from '../tokens/tokens-page.tsx';
import { BackupPage } from './backup-page.tsx';
import { StatusPage } from './status-page.tsx';
import { mayAdminister, useToken } from './use-token.ts';

const names: Readonly<Record<ServerSection, string>> = {
  status: 'Status',
  tokens: 'Access tokens',
  'oauth-clients': 'OAuth clients',
  audit: 'Audit log',
  backup: 'Backup',
};

/** What is about the server as a whole. */
export function ServerPage({ section }: { readonly section: ServerSection }) {
  const token = useToken();
  const sections = mayAdminister(token) ? serverSections : serverSections.slice(0, 1);
  const isKnown = section === 'status' || token !== undefined;
  return (
    <div class="stack">
      {sections.length > 1 && (
        <nav class="tabs" aria-label="Pages of the server">
          {sections.map((name) => (
            <a key={name} href={serverHref(name)} aria-current={name === section ? 'page' : undefined}>
              {names[name]}
            </a>
          ))}
        </nav>
      )}
      {isKnown ? (
        <SectionPage section={section} isRefused={!sections.includes(section)} />
      ) : (
        <p role="status">Loading…</p>
      )}
    </div>
  );
}

function SectionPage({ section, isRefused }: { readonly section: ServerSection; readonly isRefused: boolean }) {
  if (isRefused) {
    return (
      <div class="empty card">
        <h1>{names[section]}</h1>
        <p class="muted">
          Only the administrator can see this page. You are signed in with an access token that may do less.
        </p>
        <a class="button" href={serverHref('status')}>
          Go to the server’s status
        </a>
      </div>
    );
  }
  switch (section) {
    case 'tokens':
      return <TokensPage />;
    case 'oauth-clients':
      return <ClientsPage />;
    case 'audit':
      return <AuditPage />;
    case 'backup':
      return <BackupPage />;
    default:
      return <StatusPage />;
  }
}
