import { type Layout, layouts } from './credentials.ts';
import { change, type RecordForm, SelectField, TextField } from './fields.tsx';
import { textAt } from './record-values.ts';

const METHOD = 'http.ping.method';

interface PingFieldsProps {
  readonly form: RecordForm;
  readonly layout: Layout;
}

/** The request that tests a connection. */
export function PingFields({ form, layout }: PingFieldsProps) {
  const method = textAt(form.record, METHOD).toUpperCase() || 'GET';
  const path = <TextField form={form} label="Path for tests" path={layout.ping} placeholder="/ping" />;
  if (layout !== layouts.http) return path;
  return (
    <>
      <div class="pair">
        {path}
        <SelectField
          form={form}
          label="Method for tests"
          value={method}
          options={[...new Set(['GET', 'HEAD', 'POST', method])].map((each) => [each, each])}
          onSelect={(next) => change(form, [METHOD, next === 'GET' ? undefined : next])}
        />
      </div>
      {method === 'POST' && <TextField form={form} label="Body for tests" path="http.ping.body" placeholder="{}" />}
    </>
  );
}
