import { useId, useState } from 'preact/hooks';
import { change, type RecordForm, SecretField, SelectField, TextField } from '../connections/fields.tsx';
import { textAt } from '../connections/record-values.ts';
import { paramLines, paramsOf } from './oauth-client.ts';

/** What the operator of the provider has given out for this server. */
export function ClientFields({ form }: { readonly form: RecordForm }) {
  return (
    <>
      <TextField form={form} label="Name of the client" path="name" isRequired maxLength={200} />
      <div class="pair">
        <TextField form={form} label="Client id" path="clientId" isRequired maxLength={1000} />
        <SecretField form={form} label="Client secret" path="clientSecret" />
      </div>
      <TextField
        form={form}
        label="Sign-in address"
        path="authURI"
        type="url"
        placeholder="https://provider.example.com/authorize"
        hint="Where users sign in. It may have parameters of the provider’s. Not needed for client credentials."
      />
      <TextField
        form={form}
        label="Token address"
        path="tokenURI"
        type="url"
        isRequired
        placeholder="https://provider.example.com/token"
        hint="Where tokens come from. The secret is sent here."
      />
      <details class="more-fields">
        <summary>More fields</summary>
        <div class="stack">
          <MoreFields form={form} />
        </div>
      </details>
    </>
  );
}

function MoreFields({ form }: { readonly form: RecordForm }) {
  const id = useId();
  const [lines, setLines] = useState(() => paramLines(form.record));
  return (
    <>
      <SelectField
        form={form}
        label="Secret is sent in"
        value={textAt(form.record, 'clientCredentialsLocation') || 'basicauthheader'}
        options={[
          ['basicauthheader', 'A header'],
          ['body', 'The body'],
        ]}
        onSelect={(value) => change(form, ['clientCredentialsLocation', value])}
      />
      <TextField
        form={form}
        label="Revocation address"
        path="revokeURI"
        hint="Where tokens are revoked when a connection is disconnected or deleted."
      />
      <TextField form={form} label="Issuer" path="issuer" hint="What the provider calls itself, if it says so." />
      <div class="field">
        <label for={id}>Further parameters for tokens</label>
        <textarea
          id={id}
          value={lines}
          placeholder="audience=https://shop.example.com"
          aria-describedby={`${id}-hint`}
          disabled={form.isDisabled}
          onInput={({ currentTarget }) => {
            setLines(currentTarget.value);
            change(form, ['tokenParams', paramsOf(currentTarget.value)]);
          }}
        />
        <p class="hint" id={`${id}-hint`}>
          One <code>name=value</code> a line.
        </p>
      </div>
    </>
  );
}
