/** State shared by settings forms and step forms. */
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ErrorItem } from '../api/api-error.ts';
import type { Json, JsonObject } from '../api/json.ts';
import { compileDependencies, type FormStates } from './dependencies.ts';
import {
  currentValue,
  type Drafts,
  keepingMine,
  type PartialInput,
  withEdit,
  withoutKeys,
  withoutUnchanged,
} from './drafts.ts';
import type { Field } from './field.ts';
import type { FormContext } from './form-context.ts';
import type { Form } from './form-tree.ts';
import type { FieldPatches } from './read-form.ts';
import { assignErrors } from './server-errors.ts';

export interface FormState {
  readonly form: Form;
  readonly states: FormStates;
  /** States for the stored values. */
  readonly storedStates: FormStates;
  readonly drafts: Drafts;
  setDrafts(change: (drafts: Drafts) => Drafts): void;
  /** Errors that match no visible field. */
  readonly otherErrors: readonly ErrorItem[];
  /** Shows errors at their fields, and focuses the first. */
  showErrors(errors: ReadonlyMap<string, string>, otherErrors?: readonly ErrorItem[]): void;
  showServerErrors(errors: readonly ErrorItem[]): void;
  /** Clears errors and typed text. */
  reset(): void;
  reveal(field: Field): void;
  /** The selected store; initially the first. */
  readonly storeId: string | undefined;
  setStoreId(id: string): void;
  context(parts: Pick<FormContext, 'isLocked' | 'refresh'>): FormContext;
}

/** @param readWith must be a new function when the form has changed */
export function useFormState(readWith: (patches: FieldPatches) => Form, patches: FieldPatches): FormState {
  const prefix = useId();
  const form = useMemo(() => readWith(patches), [readWith, patches]);
  const [drafts, setDrafts] = useState<Drafts>(new Map());
  const [errors, setErrors] = useState<ReadonlyMap<string, string>>(new Map());
  const [otherErrors, setOtherErrors] = useState<readonly ErrorItem[]>([]);
  const [openTabs, setOpenTabs] = useState<ReadonlyMap<string, string>>(new Map());
  const [storeId, setStoreId] = useState<string>();
  const [revision, setRevision] = useState(0);
  const [focusTarget, setFocusTarget] = useState<{ readonly id: string }>();
  const latest = useRef(form);
  latest.current = form;

  useLayoutEffect(() => setDrafts((before) => withoutUnchanged(before, form)), [form]);
  const statesOf = useMemo(() => compileDependencies(form), [form]);
  const states = useMemo(() => statesOf((field) => currentValue(drafts, field)), [statesOf, drafts]);
  const storedStates = useMemo(() => statesOf(({ stored }) => stored), [statesOf]);
  const latestStates = useRef(states);
  latestStates.current = states;

  useEffect(() => {
    if (!focusTarget) return;
    const id = `${prefix}${focusTarget.id}`;
    const element = document.getElementById(id) ?? document.getElementById(`${id}-label`);
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: 'center' });
  }, [focusTarget, prefix]);

  const reveal = (field: Field): void => {
    setOpenTabs((before) => new Map([...before, ...field.tabPath.map(({ list, tab }) => [list, tab] as const)]));
    if (form.stores?.some(({ id }) => id === field.store)) setStoreId(field.store);
    setFocusTarget({ id: field.id });
  };
  const showErrors = (next: ReadonlyMap<string, string>, others: readonly ErrorItem[] = []): void => {
    setErrors(next);
    setOtherErrors(others);
    const first = latest.current.fields.find(({ id }) => next.has(id));
    if (first) reveal(first);
  };
  const showServerErrors = (items: readonly ErrorItem[]): void => {
    const { fields, otherErrors: others } = assignErrors(latest.current, items);
    // Errors of hidden fields go with the general errors.
    const isHidden = (id: string): boolean => latestStates.current.fields.get(id)?.isHidden !== false;
    const hidden = [...fields].filter(([id]) => isHidden(id)).map(([, message]) => ({ code: 'hidden_field', message }));
    showErrors(new Map([...fields].filter(([id]) => !isHidden(id))), [...others, ...hidden]);
  };
  const clearErrors = (field: Field): void =>
    setErrors(
      (before) => new Map([...before].filter(([id]) => !form.byValueKey.get(field.valueKey)?.some((f) => f.id === id))),
    );
  const reset = (): void => {
    setErrors(new Map());
    setOtherErrors([]);
    setRevision((before) => before + 1);
  };

  return {
    form,
    states,
    storedStates,
    drafts,
    setDrafts,
    otherErrors,
    showErrors,
    showServerErrors,
    reset,
    reveal,
    storeId: form.stores?.some(({ id }) => id === storeId) ? storeId : form.stores?.[0]?.id,
    setStoreId,
    context: (parts) => ({
      ...parts,
      prefix,
      states,
      drafts,
      errors,
      revision,
      openTabs,
      openTab: (list, tab) => setOpenTabs((before) => new Map(before).set(list, tab)),
      edit(field: Field, value: Json, partial?: PartialInput) {
        setDrafts((before) => withEdit(before, field, value, partial));
        clearErrors(field);
      },
      keepMine: (field) => setDrafts((before) => keepingMine(before, field)),
      takeTheirs(field) {
        setDrafts((before) => withoutKeys(before, [field.valueKey]));
        clearErrors(field);
        setRevision((before) => before + 1);
      },
    }),
  };
}

/** Merges field patches; later ones win. */
export function mergePatches(...all: readonly FieldPatches[]): FieldPatches {
  const merged = new Map<string, JsonObject>();
  for (const patches of all) for (const [key, patch] of patches) merged.set(key, { ...merged.get(key), ...patch });
  return merged;
}
