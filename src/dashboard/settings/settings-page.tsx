import { asString, type Json, type JsonObject } from '../api/json.ts';
import { integrationHref } from '../app/address.ts';
import { useLeaveGuard } from '../app/leave-guard.ts';
import { useSession } from '../app/session.ts';
import { SettingsForm } from '../form/settings-form.tsx';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { AddStore } from './add-store.tsx';

/** The connector's settings form. The connector defines its fields and what saving does. */
export function SettingsPage({ integration, reload }: IntegrationProps) {
  const { client, announce } = useSession();
  const setDirty = useLeaveGuard();
  const { _id, settings = {}, mode, updateInProgress } = integration;
  const call = (name: string, body: JsonObject) => client.put<Json>(`/integrations/${_id}/settings/${name}`, body);
  const save = async (pending: JsonObject): Promise<void> => {
    await call('persistSettings', { pending });
    await reload();
    announce('Settings saved.');
  };
  return (
    <div class="stack">
      {mode === 'install' && (
        <p class="notice">
          The setup is not finished. <a href={integrationHref(_id, 'setup')}>Continue setup</a>
        </p>
      )}
      <div class="card">
        <SettingsForm
          settings={settings}
          onSave={save}
          onRefresh={async (fieldName, storeId, list) => {
            const reply = await call('refreshMetadata', {
              fieldName,
              ...(storeId === undefined ? {} : { storeId }),
              ...(list === undefined ? {} : { type: list }),
            });
            await reload();
            return reply;
          }}
          onDirty={setDirty}
          isLocked={updateInProgress === true || mode === 'uninstall'}
        />
      </div>
      {settings.supportsMultiStore === true && mode === 'settings' && (
        <AddStore integrationId={_id} label={asString(settings.storeLabel) ?? 'store'} reload={reload} />
      )}
    </div>
  );
}
