/** What in a settings form is not of the grammar: for authors, before a user sees it as JSON. Pure. */
import Type, { Compile, type TObject, type Validator } from '#typebox';
import { type ErrorItem, FIELD_CHARS } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { findings } from '../schema.ts';
import { shorten } from '../shorten.ts';
import { FlowHeading, FormHeading, fieldSchemas, SectionHeading } from './settings-form.ts';

/** Of one form; whoever mends these finds the rest. */
const FINDINGS = 1_000;

type Kind = 'section' | 'flow' | 'form';

/** Where a container keeps further ones, and where its fields are. */
const containers = { general: 'section', sections: 'section', fieldSets: 'section', flows: 'flow' } as const;
const lists = ['fields', 'settings'] as const;

const schemas: Readonly<Record<Kind, TObject>> = { section: SectionHeading, flow: FlowHeading, form: FormHeading };
const known: Readonly<Record<Kind, readonly string[]>> = {
  section: [...Object.keys(SectionHeading.properties), ...Object.keys(containers), ...lists],
  flow: [...Object.keys(FlowHeading.properties), 'sections', 'fieldSets', 'flows', ...lists],
  form: [],
};

/** @param at where the form stands, `connector.settings` */
export const formFindings = (form: JsonObject, at: string): ErrorItem[] => findingsIn(form, at, 'form');

/** The same for a part of one, or the form of a step. */
export const sectionFindings = (section: JsonObject, at: string): ErrorItem[] => findingsIn(section, at, 'section');

function findingsIn(container: JsonObject, at: string, kind: Kind): ErrorItem[] {
  const found: ErrorItem[] = [];
  visit(container, at, kind, new Checks(), found);
  return found;
}

/** Validators, each compiled when it is first needed. */
class Checks {
  readonly #compiled = new Map<TObject, Validator>();

  of(schema: TObject, value: Json, at: string): ErrorItem[] {
    let validator = this.#compiled.get(schema);
    if (!validator) {
      validator = Compile(Type.Object({ value: schema })) as Validator;
      this.#compiled.set(schema, validator);
    }
    return findings(validator, { value }).map(({ code, field, message }) => {
      const place = at + field.slice('value'.length);
      return { code, field: place, message: message.replace(field, () => place) };
    });
  }
}

function visit(container: Json, at: string, kind: Kind, checks: Checks, found: ErrorItem[]): void {
  if (found.length >= FINDINGS) return;
  found.push(...checks.of(schemas[kind], container, at));
  if (!isJsonObject(container)) return;
  for (const key of Object.keys(container)) {
    // At the top of a form connectors keep what is their own.
    if (kind !== 'form' && !known[kind].includes(key) && found.length < FINDINGS) {
      found.push(unknownField(`${at}.${shorten(key, FIELD_CHARS)}`));
    }
  }
  for (const key of lists) {
    const value = container[key];
    if (value === undefined || (kind === 'form' && key === 'settings')) continue;
    if (Array.isArray(value))
      value.forEach((field: Json, i) => void visitField(field, `${at}.${key}.${i}`, checks, found));
    else found.push(wrong(`${at}.${key}`, 'must be an array of fields'));
  }
  for (const [key, inner] of Object.entries(containers)) {
    const value = container[key];
    if (value === undefined) continue;
    if (Array.isArray(value))
      value.forEach((item: Json, i) => void visit(item, `${at}.${key}.${i}`, inner, checks, found));
    else if (key === 'general' && isJsonObject(value)) visit(value, `${at}.${key}`, inner, checks, found);
    else found.push(wrong(`${at}.${key}`, `must be an array${key === 'general' ? ' or an object' : ''}`));
  }
}

function visitField(field: Json, at: string, checks: Checks, found: ErrorItem[]): void {
  if (found.length >= FINDINGS) return;
  const type = isJsonObject(field) ? field.type : undefined;
  const isKnown = (name: unknown): name is keyof typeof fieldSchemas =>
    typeof name === 'string' && Object.hasOwn(fieldSchemas, name);
  if (isKnown(type)) found.push(...checks.of(fieldSchemas[type], field, at));
  else if (!isJsonObject(field)) found.push(wrong(at, 'must be a field, an object with name and type'));
  else if (type === undefined) found.push({ ...wrong(`${at}.type`, 'is required'), code: 'missing_required_field' });
  else found.push(wrong(`${at}.type`, `is none of ${Object.keys(fieldSchemas).join(', ')}: it is shown as JSON`));
}

const wrong = (field: string, sentence: string): ErrorItem => ({
  code: 'invalid_field',
  field,
  message: `${field} ${sentence}`,
});
const unknownField = (field: string): ErrorItem => wrong(field, 'is not known here: the dashboard does not show it');
