/** Checks a settings form against the grammar, so that authors learn of mistakes before users see raw JSON. Pure. */
import Type, { Compile, type TObject, type Validator } from '#typebox';
import { didYouMean } from '../did-you-mean.ts';
import { type ErrorItem, FIELD_CHARS } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { findings } from '../schema.ts';
import { shorten } from '../shorten.ts';
import { FlowHeading, FormHeading, fieldSchemas, SectionHeading } from './settings-form.ts';

/** Findings per form; the rest appears once these are fixed. */
const MAX_FINDINGS = 1_000;

type Kind = 'section' | 'flow' | 'form';

/** Keys of a container that hold further containers, and keys that hold fields. */
const containerKinds = { general: 'section', sections: 'section', fieldSets: 'section', flows: 'flow' } as const;
const fieldListKeys = ['fields', 'settings'] as const;

const schemas: Readonly<Record<Kind, TObject>> = { section: SectionHeading, flow: FlowHeading, form: FormHeading };
const knownKeys: Readonly<Record<Kind, readonly string[]>> = {
  section: [...Object.keys(SectionHeading.properties), ...Object.keys(containerKinds), ...fieldListKeys],
  flow: [...Object.keys(FlowHeading.properties), 'sections', 'fieldSets', 'flows', ...fieldListKeys],
  form: [],
};

/** @param path of the form in the manifest: `connector.settings` */
export const formFindings = (form: JsonObject, path: string): ErrorItem[] => findingsIn(form, path, 'form');

/** The same for a section of a form, or for a step's form. */
export const sectionFindings = (section: JsonObject, path: string): ErrorItem[] => findingsIn(section, path, 'section');

function findingsIn(container: JsonObject, path: string, kind: Kind): ErrorItem[] {
  const errors: ErrorItem[] = [];
  visitContainer(container, path, kind, new Validators(), errors);
  return errors;
}

/** Validators, compiled on first use. */
class Validators {
  readonly #compiled = new Map<TObject, Validator>();

  of(schema: TObject, value: Json, path: string): ErrorItem[] {
    let validator = this.#compiled.get(schema);
    if (!validator) {
      validator = Compile(Type.Object({ value: schema })) as Validator;
      this.#compiled.set(schema, validator);
    }
    return findings(validator, { value }).map(({ code, field, message }) => {
      const fullPath = path + field.slice('value'.length);
      return { code, field: fullPath, message: message.replace(field, () => fullPath) };
    });
  }
}

function visitContainer(container: Json, path: string, kind: Kind, validators: Validators, errors: ErrorItem[]): void {
  if (errors.length >= MAX_FINDINGS) return;
  errors.push(...validators.of(schemas[kind], container, path));
  if (!isJsonObject(container)) return;
  for (const key of Object.keys(container)) {
    // Connectors may keep keys of their own at the top of a form.
    if (kind !== 'form' && !knownKeys[kind].includes(key) && errors.length < MAX_FINDINGS) {
      errors.push(unknownField(path, key, knownKeys[kind]));
    }
  }
  for (const key of fieldListKeys) {
    const value = container[key];
    if (value === undefined || (kind === 'form' && key === 'settings')) continue;
    if (Array.isArray(value))
      value.forEach((field: Json, i) => void visitField(field, `${path}.${key}.${i}`, validators, errors));
    else errors.push(invalid(`${path}.${key}`, 'must be an array of fields'));
  }
  for (const [key, innerKind] of Object.entries(containerKinds)) {
    const value = container[key];
    if (value === undefined) continue;
    if (Array.isArray(value))
      value.forEach((item: Json, i) => void visitContainer(item, `${path}.${key}.${i}`, innerKind, validators, errors));
    else if (key === 'general' && isJsonObject(value))
      visitContainer(value, `${path}.${key}`, innerKind, validators, errors);
    else errors.push(invalid(`${path}.${key}`, `must be an array${key === 'general' ? ' or an object' : ''}`));
  }
}

function visitField(field: Json, path: string, validators: Validators, errors: ErrorItem[]): void {
  if (errors.length >= MAX_FINDINGS) return;
  const type = isJsonObject(field) ? field.type : undefined;
  const isKnown = (name: unknown): name is keyof typeof fieldSchemas =>
    typeof name === 'string' && Object.hasOwn(fieldSchemas, name);
  if (isKnown(type)) errors.push(...validators.of(fieldSchemas[type], field, path));
  else if (!isJsonObject(field)) errors.push(invalid(path, 'must be a field, an object with name and type'));
  else if (type === undefined)
    errors.push({ ...invalid(`${path}.type`, 'is required'), code: 'missing_required_field' });
  else
    errors.push(
      invalid(
        `${path}.type`,
        `must be one of ${fieldTypes.join(', ')}: the dashboard shows this field as JSON${typeHint(type)}`,
      ),
    );
}

const fieldTypes = Object.keys(fieldSchemas);
const typeHint = (type: unknown): string => (typeof type === 'string' ? didYouMean(type, fieldTypes) : '');

const invalid = (field: string, sentence: string): ErrorItem => ({
  code: 'invalid_field',
  field,
  message: `${field} ${sentence}`,
});
const unknownField = (path: string, key: string, known: readonly string[]): ErrorItem =>
  invalid(
    `${path}.${shorten(key, FIELD_CHARS)}`,
    `is unknown: the dashboard does not show it${didYouMean(key, known)}`,
  );
