/** What the parts of a form share. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Json } from '../api/json.ts';
import type { FormStates } from './dependencies.ts';
import type { Drafts, PartialInput } from './drafts.ts';
import type { Field } from './field.ts';

/** What a control is given; all of them are alike from outside. */
export interface ControlProps {
  readonly field: Field;
  readonly value: Json;
  readonly id: string;
  readonly labelId: string;
  readonly describedBy: string | undefined;
  readonly isInvalid: boolean;
  readonly isRequired: boolean;
  readonly isDisabled: boolean;
  /** What was typed and is no value yet, as the control gave it. */
  readonly typed: unknown;
  /** @param value with what is partial: the last one that was a value */
  onChange(value: Json, partial?: PartialInput): void;
}

export interface FormContext {
  /** Of element ids. */
  readonly prefix: string;
  readonly states: FormStates;
  readonly drafts: Drafts;
  readonly errors: ReadonlyMap<string, string>;
  readonly isLocked: boolean;
  /** Grows when controls have to forget what was typed into them. */
  readonly revision: number;
  readonly openTabs: ReadonlyMap<string, string>;
  openTab(list: string, tab: string): void;
  edit(field: Field, value: Json, partial?: PartialInput): void;
  /** After the stored value has changed under a change: stay with one's own, or take the other's. */
  keepMine(field: Field): void;
  takeTheirs(field: Field): void;
  /** Undefined where nothing can be refreshed. @param list of a map: whose options */
  readonly refresh: ((field: Field, list?: string) => Promise<void>) | undefined;
}

const Context = createContext<FormContext | undefined>(undefined);
export const FormProvider = Context.Provider;

export function useForm(): FormContext {
  const form = useContext(Context);
  if (!form) throw new Error('a part of a form stands outside of one');
  return form;
}
