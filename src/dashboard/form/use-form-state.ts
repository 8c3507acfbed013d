/** The state that a form of settings and a form of a step have in common. */
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ErrorItem } from '../api/api-error.ts';
import type { Json, JsonObject } from '../api/json.ts';
import { dependenciesOf, type States } from './dependencies.ts';
import { type Drafts, edited, followed, kept, type Unfinished, valueIn, without } from './drafts.ts';
import type { Field } from './field.ts';
import type { FormContext } from './form-context.ts';
import type { Form } from './form-tree.ts';
import type { Additions } from './read-form.ts';
import { placed } from './server-errors.ts';

export interface FormState {
  readonly form: Form;
  readonly states: States;
  /** As the stored values have it. */
  readonly storedStates: States;
  readonly drafts: Drafts;
  setDrafts(change: (drafts: Drafts) => Drafts): void;
  /** Errors that belong to no field. */
  readonly rest: readonly ErrorItem[];
  /** Shows errors where they belong, and leads to the first. */
  show(errors: ReadonlyMap<string, string>, rest?: readonly ErrorItem[]): void;
  showReply(errors: readonly ErrorItem[]): void;
  /** Makes controls forget what was typed into them. */
  reset(): void;
  reveal(field: Field): void;
  /** The store that is shown; the first one to begin with. */
  readonly storeId: string | undefined;
  setStoreId(id: string): void;
  context(parts: Pick<FormContext, 'isLocked' | 'refresh'>): FormContext;
}

/** @param read must change when there is something new to read */
export function useFormState(read: (additions: Additions) => Form, additions: Additions): FormState {
  const prefix = useId();
  const form = useMemo(() => read(additions), [read, additions]);
  const [drafts, setDrafts] = useState<Drafts>(new Map());
  const [errors, setErrors] = useState<ReadonlyMap<string, string>>(new Map());
  const [rest, setRest] = useState<readonly ErrorItem[]>([]);
  const [openTabs, setOpenTabs] = useState<ReadonlyMap<string, string>>(new Map());
  const [storeId, setStoreId] = useState<string>();
  const [revision, setRevision] = useState(0);
  const [wanted, setWanted] = useState<{ readonly id: string }>();
  const latest = useRef(form);
  latest.current = form;

  useLayoutEffect(() => setDrafts((before) => followed(before, form)), [form]);
  const statesOf = useMemo(() => dependenciesOf(form), [form]);
  const states = useMemo(() => statesOf((field) => valueIn(drafts, field)), [statesOf, drafts]);
  const storedStates = useMemo(() => statesOf(({ stored }) => stored), [statesOf]);
  const latestStates = useRef(states);
  latestStates.current = states;

  useEffect(() => {
    if (!wanted) return;
    const id = `${prefix}${wanted.id}`;
    const element = document.getElementById(id) ?? document.getElementById(`${id}-label`);
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: 'center' });
  }, [wanted, prefix]);

  const reveal = (field: Field): void => {
    setOpenTabs((before) => new Map([...before, ...field.trail.map(({ list, tab }) => [list, tab] as const)]));
    if (form.stores?.some(({ id }) => id === field.store)) setStoreId(field.store);
    setWanted({ id: field.id });
  };
  const show = (next: ReadonlyMap<string, string>, others: readonly ErrorItem[] = []): void => {
    setErrors(next);
    setRest(others);
    const first = latest.current.fields.find(({ id }) => next.has(id));
    if (first) reveal(first);
  };
  const showReply = (items: readonly ErrorItem[]): void => {
    const { fields, rest: others } = placed(latest.current, items);
    // What nobody can see is said above the form.
    const isHidden = (id: string): boolean => latestStates.current.fields.get(id)?.isHidden !== false;
    const unseen = [...fields].filter(([id]) => isHidden(id)).map(([, message]) => ({ code: 'hidden_field', message }));
    show(new Map([...fields].filter(([id]) => !isHidden(id))), [...others, ...unseen]);
  };
  const forgetErrors = (field: Field): void =>
    setErrors(
      (before) => new Map([...before].filter(([id]) => !form.bySlot.get(field.slot)?.some((f) => f.id === id))),
    );
  const reset = (): void => {
    setErrors(new Map());
    setRest([]);
    setRevision((before) => before + 1);
  };

  return {
    form,
    states,
    storedStates,
    drafts,
    setDrafts,
    rest,
    show,
    showReply,
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
      edit(field: Field, value: Json, unfinished?: Unfinished) {
        setDrafts((before) => edited(before, field, value, unfinished));
        forgetErrors(field);
      },
      keep: (field) => setDrafts((before) => kept(before, field)),
      drop(field) {
        setDrafts((before) => without(before, [field.slot]));
        forgetErrors(field);
        setRevision((before) => before + 1);
      },
    }),
  };
}

/** Additions to fields, one over the other. */
export function mergedAdditions(...all: readonly Additions[]): Additions {
  const merged = new Map<string, JsonObject>();
  for (const additions of all)
    for (const [slot, patch] of additions) merged.set(slot, { ...merged.get(slot), ...patch });
  return merged;
}
