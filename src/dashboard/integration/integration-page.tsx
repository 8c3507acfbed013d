import { useRef } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import type { Connector, Integration } from '../api/types.ts';
import { integrationHref, type Tab, tabs } from '../app/address.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { SignInReturnContext, useSignInReturnFrom } from '../app/sign-in-return.ts';
import { aboutIntegration, type Resource, useResource } from '../app/use-resource.ts';
import { useTitle } from '../app/use-title.ts';
import { FlowsPage } from '../flows/flows-page.tsx';
import { RecordsPage } from '../records/records-page.tsx';
import { RemovePage } from '../remove/remove-page.tsx';
import { RunsPage } from '../runs/runs-page.tsx';
import { SettingsPage } from '../settings/settings-page.tsx';
import { SetupPage } from '../steps/setup-page.tsx';
import { IntegrationHead } from './integration-head.tsx';
import type { IntegrationProps } from './integration-props.ts';

interface IntegrationPageProps {
  readonly id: string;
  readonly tab: Tab | undefined;
  /** The connection that the user is back from its provider with. */
  readonly returnedId: string | undefined;
  /** Of the tab `flows`: ids of a flow and a job of it. */
  readonly below: readonly string[];
}

const tabNames: Readonly<Record<Tab, string>> = {
  setup: 'Setup',
  settings: 'Settings',
  flows: 'Flows',
  records: 'Records',
  runs: 'Runs',
  remove: 'Remove',
};

export function IntegrationPage({ id, tab, returnedId, below }: IntegrationPageProps) {
  const signInReturn = useSignInReturnFrom(returnedId);
  const resource = useResource<Integration>({
    key: id,
    load: (client, signal) => client.get<Integration>(`/integrations/${id}`, signal),
    isAffected: aboutIntegration(id, 'integration.', 'run.ended'),
  });
  const connector = useConnector(resource.value?._connectorId);
  const integration = resource.value;
  // Fixed at first render, so that finishing the setup does not switch tabs.
  const initialTab = useRef<Tab>(undefined);
  useTitle(integration?.name);
  if (isNotFound(resource)) {
    return (
      <div class="empty card">
        <h1>Integration not found</h1>
        <p class="muted">It may have been removed, or this token may not see it.</p>
        <a class="button primary" href="#/">
          Go to Home
        </a>
      </div>
    );
  }
  if (!integration) {
    return resource.error ? (
      <ErrorNotice error={resource.error} title="The integration could not be loaded." />
    ) : (
      <p class="empty muted" role="status">
        Loading the integration…
      </p>
    );
  }
  const available = tabsOf(integration);
  initialTab.current ??= available[defaultTab(integration, available)] ?? 'records';
  const shown = tab && available.includes(tab) ? tab : initialTab.current;
  const props = { integration, connector: connector.value, reload: resource.reload };
  return (
    <div class="stack">
      <IntegrationHead {...props} isConnectorLoaded={connector.value !== undefined || connector.error !== undefined} />
      <nav class="tabs" aria-label={`Pages of ${integration.name}`}>
        {available.map((name) => (
          <a key={name} href={integrationHref(id, name)} aria-current={name === shown ? 'page' : undefined}>
            {tabNames[name]}
          </a>
        ))}
      </nav>
      <SignInReturnContext.Provider value={signInReturn}>
        <TabPage tab={shown} below={below} {...props} />
      </SignInReturnContext.Provider>
    </div>
  );
}

function TabPage({
  tab,
  below,
  ...props
}: IntegrationProps & { readonly tab: Tab; readonly below: readonly string[] }) {
  switch (tab) {
    case 'setup':
      return <SetupPage {...props} />;
    case 'settings':
      return <SettingsPage {...props} />;
    case 'flows':
      return <FlowsPage {...props} below={below} />;
    case 'records':
      return <RecordsPage {...props} />;
    case 'runs':
      return <RunsPage {...props} />;
    default:
      return <RemovePage {...props} />;
  }
}

/** An integration without a connector has nothing to set up or run. */
function tabsOf({ _connectorId }: Integration): readonly Tab[] {
  return _connectorId === undefined ? ['records', 'flows', 'remove'] : tabs;
}

function defaultTab({ mode }: Integration, available: readonly Tab[]): number {
  if (mode === 'uninstall') return available.indexOf('remove');
  return mode === 'settings' ? available.indexOf('settings') : 0;
}

const isNotFound = ({ error }: Resource<Integration>): boolean => error instanceof ApiError && error.status === 404;

function useConnector(id: string | undefined): Resource<Connector> {
  return useResource<Connector>({
    key: id,
    load: (client, signal) => client.get<Connector>(`/connectors/${id}`, signal),
    isAffected: ({ type }) => type.startsWith('connector.'),
  });
}
