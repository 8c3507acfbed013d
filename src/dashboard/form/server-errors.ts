/** Assigns the errors of a reply to fields. Pure. */
import type { ErrorItem } from '../api/api-error.ts';
import type { Field } from './field.ts';
import type { Form } from './form-tree.ts';
import { SHARED_STORE } from './read-form.ts';

export interface AssignedErrors {
  /** Message by field id. */
  readonly fields: ReadonlyMap<string, string>;
  /** Errors that match no field. */
  readonly otherErrors: readonly ErrorItem[];
}

export function assignErrors(form: Form, errors: readonly ErrorItem[]): AssignedErrors {
  const paths = pathsOf(form);
  const fields = new Map<string, string>();
  const otherErrors: ErrorItem[] = [];
  for (const error of errors) {
    const targets = fieldsFor(paths, error);
    if (targets.length === 0) otherErrors.push(error);
    for (const { id } of targets) {
      const before = fields.get(id);
      fields.set(id, before === undefined ? error.message : `${before}\n${error.message}`);
    }
  }
  return { fields, otherErrors };
}

/** Fields by `storeId.name`, and by name alone, since a connector may omit the store. */
function pathsOf({ fields }: Form): ReadonlyMap<string, readonly Field[]> {
  const paths = new Map<string, Field[]>();
  const add = (path: string, field: Field): void => {
    const known = paths.get(path);
    if (known) known.push(field);
    else paths.set(path, [field]);
  };
  for (const field of fields) {
    if (field.name === undefined) continue;
    add(field.name, field);
    if (field.store !== undefined) add(`${field.store}.${field.name}`, field);
    else add(`${SHARED_STORE}.${field.name}`, field);
  }
  return paths;
}

function fieldsFor(paths: ReadonlyMap<string, readonly Field[]>, { field, message }: ErrorItem): readonly Field[] {
  if (field !== undefined) return paths.get(field) ?? paths.get(field.replace(/^pending\./, '')) ?? [];
  // Connectors often name the field at the start of the message.
  const name = /^([^:]{1,200}): /.exec(message)?.[1];
  return name === undefined ? [] : (paths.get(name) ?? []);
}
