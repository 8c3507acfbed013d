import type { Layout } from './credentials.ts';
import { change, type RecordForm, SelectField, TextField } from './fields.tsx';
import { textAt } from './record-values.ts';

interface PingFieldsProps {
  readonly form: RecordForm;
  readonly layout: Layout;
}

/** The request that tests a connection. */
export function PingFields({ form, layout }: PingFieldsProps) {
  const method = textAt(form.record, layout.pingMethod).toUpperCase() || 'GET';
  return (
    <>
      <div class="pair">
        <TextField form={form} label="Path for tests" path={layout.ping} placeholder="/ping" />
        <SelectField
          form={form}
          label="Method for tests"
          value={method}
          options={[...new Set(['GET', 'HEAD', 'POST', method])].map((each) => [each, each])}
          onSelect={(next) => change(form, [layout.pingMethod, next === 'GET' ? undefined : next])}
        />
      </div>
      {!['GET', 'HEAD'].includes(method) && (
        <TextField form={form} label="Body for tests" path={layout.pingBody} placeholder="{}" />
      )}
    </>
  );
}
