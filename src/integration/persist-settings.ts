/**
 * The built-in `persistSettings`, for connectors without their own: checks what a user entered against the fields of the
 * settings form and stores it as their values. Pure.
 */
import { didYouMean } from '../did-you-mean.ts';
import { ERRORS_MAX, fieldErrors } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { shorten } from '../shorten.ts';

/** Keys under which a form nests more fields. */
const CONTAINERS = ['general', 'sections', 'flows', 'fieldSets'];
/** Keys that hold the fields; for flows `settings`. */
const FIELD_LISTS = ['fields', 'settings'];

/** Fields and containers of a form. */
const PARTS_MAX = 50_000;
/** Options of one field, and values selected in one field. */
const OPTIONS_MAX = 10_000;
/** Options and selected values compared, all fields together. */
const COMPARED_MAX = 200_000;
const LABEL_CHARS = 200;

type Pending = JsonObject;
type Finding = { code: 'missing_required_field' | 'invalid_field'; field: string; message: string };

/** Key in `pending` for fields shared by all stores. */
const SHARED = 'general';

/**
 * @param pending values by field name; in a form with `supportsMultiStore`, such objects by store id, and under
 *   `general` for fields that all stores share
 * @returns the settings with the values in their fields
 * @throws RequestError 422 with the name of each invalid field
 */
export function persistSettings(settings: JsonObject, pending: Json | undefined): JsonObject {
  if (!isJsonObject(pending)) {
    throw fieldErrors([
      pending === undefined
        ? { code: 'missing_required_field', field: 'pending', message: 'pending is required' }
        : { code: 'invalid_field', field: 'pending', message: 'pending must be an object' },
    ]);
  }
  const filling = new FormFilling();
  const { sections } = settings;
  const next =
    settings.supportsMultiStore === true && Array.isArray(sections)
      ? fillStores(settings, sections as readonly Json[], pending, filling)
      : { ...settings, ...filling.fill([settings], pending, '')[0] };
  filling.assertNoProblems();
  return next;
}

/**
 * Fills a multi-store form. Each section is a store; everything else is shared by all stores. The exception: if
 * `general` is a list, entries with a store's id belong to that store.
 */
function fillStores(
  settings: JsonObject,
  sections: readonly Json[],
  pending: Pending,
  filling: FormFilling,
): JsonObject {
  const { sections: _, general, ...others } = settings;
  const parts: readonly Json[] = Array.isArray(general) ? general : [];
  const stores = new Map<string, JsonObject[]>();
  for (const section of sections.filter(isJsonObject)) addToGroup(stores, textOf(section.id), section);
  const withoutStores = { ...others, ...(general === undefined || Array.isArray(general) ? {} : { general }) };
  const shared: JsonObject[] = [withoutStores];
  for (const part of parts.filter(isJsonObject)) {
    const id = textOf(part.id);
    if (stores.has(id)) addToGroup(stores, id, part);
    else shared.push(part);
  }
  const filled = new Map<Json, JsonObject>();
  for (const [id, values] of Object.entries(pending)) {
    const containers = stores.get(id) ?? (id === SHARED ? shared : undefined);
    if (!containers)
      filling.reject(id, 'invalid_field', `${shorten(id, LABEL_CHARS)} is not a store of this integration`);
    else if (!isJsonObject(values)) filling.reject(id, 'invalid_field', `${id} must be an object`);
    else {
      for (const [i, next] of filling.fill(containers, values, `${id}.`).entries()) {
        filled.set(containers[i] as JsonObject, next);
      }
    }
  }
  const after = (container: Json): Json => filled.get(container) ?? container;
  return {
    ...settings,
    ...filled.get(withoutStores),
    sections: sections.map(after),
    ...(Array.isArray(general) ? { general: parts.map(after) } : {}),
  };
}

function addToGroup(groups: Map<string, JsonObject[]>, id: string, container: JsonObject): void {
  const group = groups.get(id);
  if (group) group.push(container);
  else groups.set(id, [container]);
}

/** Ids and labels should be texts. Objects count as empty. */
const textOf = (value: Json | undefined): string => (typeof value === 'object' && value !== null ? '' : String(value));

/** Puts values into fields, collects problems, and limits the work. */
class FormFilling {
  readonly #findings: Finding[] = [];
  #parts = 0;
  #compared = 0;

  /** Fills one form, which may span several containers. Each pending value goes to the fields of that name. */
  fill(containers: readonly JsonObject[], pending: Pending, prefix: string): readonly JsonObject[] {
    const unused = new Set(Object.keys(pending));
    const names: string[] = [];
    const fillField = (field: JsonObject): JsonObject => {
      const name = textOf(field.name);
      names.push(name);
      if (!Object.hasOwn(pending, name)) return field;
      unused.delete(name);
      const value = pending[name] ?? null;
      this.#count(field, value);
      const problem = problemOf(field, value);
      if (!problem) return { ...field, value };
      this.reject(prefix + name, problem.code, problem.message);
      return field;
    };
    const filled = containers.map((container) => this.#fillContainer(container, fillField));
    for (const name of unused) {
      const hint = didYouMean(name, names);
      const message = `${shorten(name, LABEL_CHARS)} is not a field of the settings form${hint}`;
      this.reject(prefix + name, 'invalid_field', message);
    }
    return filled;
  }

  reject(field: string, code: Finding['code'], message: string): void {
    if (this.#findings.length < ERRORS_MAX) this.#findings.push({ code, field, message });
  }

  /** @throws RequestError if there were problems */
  assertNoProblems(): void {
    if (this.#findings.length > 0) throw fieldErrors(this.#findings);
  }

  #fillContainer(container: JsonObject, fillField: (field: JsonObject) => JsonObject): JsonObject {
    this.#countPart();
    const next: Record<string, Json> = { ...container };
    for (const key of FIELD_LISTS) {
      const list = container[key];
      if (!Array.isArray(list)) continue;
      next[key] = list.map((field: Json) => {
        this.#countPart();
        return isJsonObject(field) && 'name' in field ? fillField(field) : field;
      });
    }
    for (const key of CONTAINERS) {
      const inner = container[key];
      if (isJsonObject(inner)) next[key] = this.#fillContainer(inner, fillField);
      if (Array.isArray(inner)) {
        next[key] = inner.map((item: Json) => (isJsonObject(item) ? this.#fillContainer(item, fillField) : item));
      }
    }
    return next;
  }

  #countPart(): void {
    if (++this.#parts > PARTS_MAX) throw tooMuch(`the settings form has more than ${PARTS_MAX} fields and sections`);
  }

  #count(field: JsonObject, value: Json): void {
    const [options, chosen] = [field.options, value].map((list) => (Array.isArray(list) ? list.length : 0));
    if (Math.max(options as number, chosen as number) > OPTIONS_MAX) {
      throw tooMuch(`a field has at most ${OPTIONS_MAX} options`);
    }
    this.#compared += (options as number) + (chosen as number);
    if (this.#compared > COMPARED_MAX) throw tooMuch(`the form compares more than ${COMPARED_MAX} options`);
  }
}

const tooMuch = (message: string): Error => fieldErrors([{ code: 'invalid_field', field: 'pending', message }]);

const isEmpty = (value: Json): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0);

function problemOf(field: JsonObject, value: Json): Omit<Finding, 'field'> | undefined {
  const label = shorten(textOf(field.label ?? field.name), LABEL_CHARS);
  if (isEmpty(value)) {
    return field.required === true ? { code: 'missing_required_field', message: `${label} is required` } : undefined;
  }
  const isWrong = (message: string): Omit<Finding, 'field'> => ({
    code: 'invalid_field',
    message: `${label} ${message}`,
  });
  switch (field.type) {
    case 'number':
    case 'integer':
      return Number.isFinite(typeof value === 'string' ? Number(value) : value)
        ? undefined
        : isWrong('must be a number');
    case 'checkbox':
      return typeof value === 'boolean' ? undefined : isWrong('must be true or false');
    case 'select':
    case 'radio':
      return areOptions(field, [value]) ? undefined : isWrong('must be one of its options');
    case 'multiselect':
      return Array.isArray(value) && areOptions(field, value) ? undefined : isWrong('must be a list of its options');
    case 'input':
    case 'text':
    case 'textarea':
    case 'expression':
    case 'date':
      return typeof value === 'string' || typeof value === 'number' ? undefined : isWrong('must be a text or a number');
    default:
      // Types that the connector invented are for the connector to check.
      return undefined;
  }
}

/** Options are values, `[value, label]` pairs or `{value, label}`. A field without options accepts any value. */
function areOptions(field: JsonObject, chosen: readonly Json[]): boolean {
  if (!Array.isArray(field.options)) return true;
  const values = new Set<Json | undefined>();
  for (const option of field.options as readonly Json[]) {
    values.add(Array.isArray(option) ? option[0] : isJsonObject(option) ? option.value : option);
  }
  return chosen.every((value) => values.has(isJsonObject(value) && 'id' in value ? value.id : value));
}
