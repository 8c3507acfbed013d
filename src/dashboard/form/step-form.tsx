import { useCallback, useState } from 'preact/hooks';
import { errorsOf } from '../api/api-error.ts';
import type { Json, JsonObject } from '../api/json.ts';
import { problemOf } from './check.ts';
import { sentValue, valueIn, valuesOf } from './drafts.ts';
import { FormProvider } from './form-context.ts';
import { PanelView } from './panel-view.tsx';
import { type Additions, readStepForm } from './read-form.ts';
import { useFormState } from './use-form-state.ts';
import './form.css';

interface Props {
  /** A list of fields, `{fields}`, or `{fieldMap, layout}`. */
  readonly form: Json;
  readonly submitLabel: string;
  /** Called with the values of all fields that are shown. @throws ApiError */
  onSubmit(values: JsonObject): Promise<void>;
  readonly isLocked?: boolean;
}

const NONE: Additions = new Map();

/** The form of a step: its values are sent whole. */
export function StepForm({ form: raw, submitLabel, onSubmit, isLocked = false }: Props) {
  const read = useCallback((additions: Additions) => readStepForm(raw, additions), [raw]);
  const state = useFormState(read, NONE);
  const { form, drafts, states, rest } = state;
  const [isBusy, setBusy] = useState(false);

  const submit = async (): Promise<void> => {
    if (isBusy || isLocked) return;
    const problems = new Map<string, string>();
    for (const field of form.fields) {
      const now = states.fields.get(field.id);
      if (!now || now.isHidden || now.isDisabled) continue;
      const problem =
        drafts.get(field.slot)?.unfinished?.problem ??
        problemOf(field, sentValue(field, valueIn(drafts, field)), now.isRequired);
      if (problem !== undefined) problems.set(field.id, problem);
    }
    state.show(problems);
    if (problems.size > 0) return;
    setBusy(true);
    try {
      await onSubmit(valuesOf(form, drafts, states));
    } catch (error) {
      state.showReply(errorsOf(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <FormProvider value={state.context({ isLocked: isLocked || isBusy, refresh: undefined })}>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <PanelView panel={form.shared} depth={1} />
        {rest.length > 0 && (
          <div class="notice bad" role="alert">
            {rest.map(({ message }, i) => (
              <p key={i}>{message}</p>
            ))}
          </div>
        )}
        <div class="row">
          <button type="submit" class="button primary" disabled={isBusy || isLocked}>
            {submitLabel}
          </button>
        </div>
      </form>
    </FormProvider>
  );
}
