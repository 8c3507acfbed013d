/** State shared by the parts of a form. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Json } from '../api/json.ts';
import type { FormStates } from './dependencies.ts';
import type { Drafts, PartialInput } from './drafts.ts';
import type { Field } from './field.ts';

/** Props that all controls share. */
export interface ControlProps {
  readonly field: Field;
  readonly value: Json;
  readonly id: string;
  readonly labelId: string;
  readonly describedBy: string | undefined;
  readonly isInvalid: boolean;
  readonly isRequired: boolean;
  readonly isDisabled: boolean;
  /** Partial input, as the control passed it to `onChange`. */
  readonly typed: unknown;
  /** @param value with `partial`: the last valid value */
  onChange(value: Json, partial?: PartialInput): void;
}

export interface FormContext {
  /** Prefix of element ids. */
  readonly prefix: string;
  readonly states: FormStates;
  readonly drafts: Drafts;
  readonly errors: ReadonlyMap<string, string>;
  readonly isLocked: boolean;
  /** Increases to make controls drop typed text. */
  readonly revision: number;
  readonly openTabs: ReadonlyMap<string, string>;
  openTab(list: string, tab: string): void;
  edit(field: Field, value: Json, partial?: PartialInput): void;
  /** Resolve a conflict between a draft and a newer stored value. */
  keepMine(field: Field): void;
  takeTheirs(field: Field): void;
  /** Undefined if nothing can be refreshed. @param list which list of a map */
  readonly refresh: ((field: Field, list?: string) => Promise<void>) | undefined;
}

const Context = createContext<FormContext | undefined>(undefined);
export const FormProvider = Context.Provider;

export function useForm(): FormContext {
  const form = useContext(Context);
  if (!form) throw new Error('useForm needs a FormProvider');
  return form;
}
