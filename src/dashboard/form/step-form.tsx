import { useCallback, useState } from 'preact/hooks';
import { errorsOf } from '../api/api-error.ts';
import type { Json, JsonObject } from '../api/json.ts';
import { currentValue, shownValues, valueToSend } from './drafts.ts';
import { FormProvider } from './form-context.ts';
import { PanelView } from './panel-view.tsx';
import { type FieldPatches, readStepForm } from './read-form.ts';
import { useFormState } from './use-form-state.ts';
import { validateField } from './validate-field.ts';
import './form.css';

interface Props {
  /** A list of fields, `{fields}`, or `{fieldMap, layout}`. */
  readonly form: Json;
  readonly submitLabel: string;
  /** Called with the values of all visible fields. @throws ApiError */
  onSubmit(values: JsonObject): Promise<void>;
  readonly isLocked?: boolean;
}

const NO_PATCHES: FieldPatches = new Map();

/** The form of a step. Sends all its values. */
export function StepForm({ form: raw, submitLabel, onSubmit, isLocked = false }: Props) {
  const readWith = useCallback((patches: FieldPatches) => readStepForm(raw, patches), [raw]);
  const state = useFormState(readWith, NO_PATCHES);
  const { form, drafts, states, otherErrors } = state;
  const [isBusy, setBusy] = useState(false);

  const submit = async (): Promise<void> => {
    if (isBusy || isLocked) return;
    const problems = new Map<string, string>();
    for (const field of form.fields) {
      const fieldState = states.fields.get(field.id);
      if (!fieldState || fieldState.isHidden || fieldState.isDisabled) continue;
      const problem =
        drafts.get(field.valueKey)?.partial?.problem ??
        validateField(field, valueToSend(field, currentValue(drafts, field)), fieldState.isRequired);
      if (problem !== undefined) problems.set(field.id, problem);
    }
    state.showErrors(problems);
    if (problems.size > 0) return;
    setBusy(true);
    try {
      await onSubmit(shownValues(form, drafts, states));
    } catch (error) {
      state.showServerErrors(errorsOf(error));
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
        {otherErrors.length > 0 && (
          <div class="notice bad" role="alert">
            {otherErrors.map(({ message }, i) => (
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
