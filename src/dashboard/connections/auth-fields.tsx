import { type AuthType, authNames, authTypeOf, type Layout, layouts } from './credentials.ts';
import { change, type RecordForm, SecretField, SelectField, TextField } from './fields.tsx';
import { KeyFields } from './key-fields.tsx';
import { hasApiKeys } from './keys.ts';
import { textAt } from './record-values.ts';

interface AuthFieldsProps {
  readonly form: RecordForm;
  readonly layout: Layout;
}

/** How a connection signs in, without OAuth 2. */
export function AuthFields({ form, layout }: AuthFieldsProps) {
  const { record } = form;
  const auth = authTypeOf(record);
  const hasKeys = auth === 'custom' || hasApiKeys(form.stored);
  return (
    <>
      <AuthTypeField form={form} layout={layout} />
      {auth === 'basic' && (
        <div class="pair">
          <SecretField form={form} label="User name" path={layout.username} isPassword={false} />
          <SecretField form={form} label="Password" path={layout.password} />
        </div>
      )}
      {auth === 'token' && <SecretField form={form} label="Token" path={layout.token} />}
      {auth === 'token' && <TokenPlace form={form} layout={layout} />}
      {layout === layouts.http && hasKeys && <KeyFields form={form} />}
    </>
  );
}

function AuthTypeField({ form, layout }: AuthFieldsProps) {
  const auth = authTypeOf(form.record);
  const types = layout.authTypes.map((type) => [type, authNames[type]] as const);
  const isOther = auth === 'other' || (form.stored && authTypeOf(form.stored) === 'other');
  const stored = textAt(form.stored, layout.authType);
  return (
    <SelectField
      form={form}
      label="Authentication"
      value={auth}
      options={isOther ? [...types, ['other', authNames.other]] : types}
      onSelect={(type) => change(form, [layout.authType, type === 'other' ? stored || undefined : (type as AuthType)])}
    />
  );
}

const HEADER = 'header';
const QUERY = 'url';

function TokenPlace({ form, layout }: AuthFieldsProps) {
  const place = textAt(form.record, layout.tokenPlace) || HEADER;
  const known = [
    [HEADER, 'A header'],
    [QUERY, 'The query'],
  ] as const;
  return (
    <>
      <SelectField
        form={form}
        label="Sent in"
        value={place}
        options={known.some(([value]) => value === place) ? known : [...known, [place, place]]}
        onSelect={(value) => change(form, [layout.tokenPlace, value])}
      />
      {place === HEADER && (
        <div class="pair">
          <TextField form={form} label="Header" path={layout.tokenHeader} placeholder="Authorization" />
          <TextField form={form} label="Word before the token" path={layout.tokenScheme} fallback="Bearer" />
        </div>
      )}
      {place === QUERY && (
        <TextField form={form} label="Parameter" path={layout.tokenParam} placeholder="access_token" />
      )}
    </>
  );
}
