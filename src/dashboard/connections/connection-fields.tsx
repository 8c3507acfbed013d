import type { OAuthClientDraft } from '../oauth-clients/oauth-client.ts';
import { AuthFields } from './auth-fields.tsx';
import { type ConnectionType, layoutOf, typeNames, typeOf, usesOAuth } from './credentials.ts';
import { change, type RecordForm, SelectField, TextField } from './fields.tsx';
import { OAuthFields } from './oauth-fields.tsx';
import { PingFields } from './ping-fields.tsx';
import { textAt } from './record-values.ts';
import { WrapperFields } from './wrapper-fields.tsx';

interface ConnectionFieldsProps {
  readonly form: RecordForm;
  /** An OAuth client that is created when the connection is saved. */
  readonly newClient: OAuthClientDraft | undefined;
  readonly onNewClient: (draft: OAuthClientDraft | undefined) => void;
}

export function ConnectionFields({ form, newClient, onNewClient }: ConnectionFieldsProps) {
  const { record, stored, isMoved, isStep = false } = form;
  const type = typeOf(record);
  const layout = layoutOf(record);
  const isAddressSet = layout !== undefined && textAt(stored, layout.address) !== '';
  return (
    <>
      {!isStep && <TextField form={form} label="Name" path="name" isRequired maxLength={200} />}
      {!stored && (
        <SelectField
          form={form}
          label="Type"
          value={type ?? 'http'}
          options={Object.entries(typeNames)}
          onSelect={(next) => change(form, ['type', next as ConnectionType])}
        />
      )}
      {type === undefined && (
        <p class="notice">The fields of a connection of this type can only be changed with the API.</p>
      )}
      {layout && (
        <>
          <TextField
            form={form}
            label="Address"
            path={layout.address}
            type="url"
            isRequired
            placeholder="https://api.example.com"
            isReadOnly={isStep && isAddressSet}
          />
          {isMoved && (
            <p class="notice warn" role="status">
              {usesOAuth(record)
                ? 'The address leads to another server. Connect again after you have saved.'
                : 'The address leads to another server. Enter the credentials again.'}
            </p>
          )}
          {!isStep && <PingFields form={form} layout={layout} />}
          <AuthFields form={form} layout={layout} />
        </>
      )}
      {usesOAuth(record) && <OAuthFields form={form} newClient={newClient} onNewClient={onNewClient} />}
      {type === 'wrapper' && <WrapperFields form={form} />}
    </>
  );
}
