import { useId, useState } from 'preact/hooks';
import { ErrorNotice } from '../app/error-notice.tsx';
import { ClientFields } from '../oauth-clients/client-fields.tsx';
import { emptyClient, type OAuthClientDraft } from '../oauth-clients/oauth-client.ts';
import { RedirectUri } from '../oauth-clients/redirect-uri.tsx';
import { useClients } from '../oauth-clients/use-clients.ts';
import { change, type RecordForm, SelectField } from './fields.tsx';
import { listAt, textAt } from './record-values.ts';

const CLIENT = 'http.auth.oauth._iClientId';
const GRANT_TYPE = 'http.auth.oauth.grantType';
const SCOPE = 'http.auth.oauth.scope';
const NEW = 'new';

interface OAuthFieldsProps {
  readonly form: RecordForm;
  /** A client that is created when the connection is saved. */
  readonly newClient: OAuthClientDraft | undefined;
  readonly onNewClient: (draft: OAuthClientDraft | undefined) => void;
}

/** The OAuth client, how it gets tokens, and for what. */
export function OAuthFields({ form, newClient, onNewClient }: OAuthFieldsProps) {
  const { record } = form;
  const { value: clients, error } = useClients();
  const chosen = textAt(record, CLIENT);
  const known = (clients ?? []).map(({ _id, name }) => [_id, name] as const);
  const isUnknown = chosen !== '' && !known.some(([id]) => id === chosen);
  const missing = clients ? `${chosen} (deleted)` : chosen;
  return (
    <>
      <ErrorNotice error={error} title="The OAuth clients could not be loaded." />
      <SelectField
        form={form}
        label="OAuth client"
        value={newClient ? NEW : chosen}
        isRequired
        options={[
          ['', 'Choose…'],
          ...known,
          ...(isUnknown ? [[chosen, missing] as const] : []),
          [NEW, 'New OAuth client…'],
        ]}
        onSelect={(value) => {
          onNewClient(value === NEW ? emptyClient : undefined);
          if (value !== NEW) change(form, [CLIENT, value === '' ? undefined : value]);
        }}
      />
      {newClient && (
        <fieldset class="group stack">
          <legend class="label">New OAuth client</legend>
          <RedirectUri />
          <ClientFields
            form={{
              record: newClient,
              stored: undefined,
              onChange: onNewClient,
              isDisabled: form.isDisabled,
              isMoved: false,
            }}
          />
        </fieldset>
      )}
      <SelectField
        form={form}
        label="Who signs in"
        value={textAt(record, GRANT_TYPE) || 'authorizecode'}
        options={[
          ['authorizecode', 'A user, at the provider (authorization code)'],
          ['clientcredentials', 'This server, without a user (client credentials)'],
        ]}
        onSelect={(value) => change(form, [GRANT_TYPE, value])}
      />
      <ScopeField form={form} />
    </>
  );
}

function ScopeField({ form }: { readonly form: RecordForm }) {
  const id = useId();
  const [text, setText] = useState(() => listAt(form.record, SCOPE).join(' '));
  return (
    <div class="field">
      <label for={id}>Scopes</label>
      <input
        id={id}
        value={text}
        autocomplete="off"
        spellcheck={false}
        placeholder="orders.read offline_access"
        disabled={form.isDisabled}
        aria-describedby={`${id}-hint`}
        onInput={({ currentTarget: { value } }) => {
          setText(value);
          change(form, [SCOPE, value.split(/\s+/).filter(Boolean)]);
        }}
      />
      <p class="hint" id={`${id}-hint`}>
        What the tokens are for, in the provider’s words, separated by blanks.
      </p>
    </div>
  );
}
