/**
 * The runtime's own `persistSettings`: checks what a user entered against the fields of the settings
 * form and stores it as their values. For connectors that have no function of that name. Pure.
 */
import { fieldErrors } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';

/** Where forms keep further fields. */
const CONTAINERS = ['general', 'sections', 'flows', 'fieldSets'];
/** Where the fields themselves are; a flow has its own under `settings`. */
const FIELD_LISTS = ['fields', 'settings'];

type Pending = JsonObject;
type Finding = { code: 'missing_required_field' | 'invalid_field'; field: string; message: string };

/** Under this, `pending` has what all stores share. */
const SHARED = 'general';

/**
 * @param pending values by field name; of a form with `supportsMultiStore`, such objects by store id,
 *   and under `general` for what all stores share
 * @returns the settings with the values in their fields
 * @throws RequestError 422 with the name of each wrong field
 */
export function persistSettings(settings: JsonObject, pending: Json | undefined): JsonObject {
  if (!isJsonObject(pending)) {
    throw fieldErrors([
      pending === undefined
        ? { code: 'missing_required_field', field: 'pending', message: 'pending is required' }
        : { code: 'invalid_field', field: 'pending', message: 'pending must be an object' },
    ]);
  }
  const findings: Finding[] = [];
  const { sections } = settings;
  const next =
    settings.supportsMultiStore === true && Array.isArray(sections)
      ? fillStores(settings, sections as readonly Json[], pending, findings)
      : { ...settings, ...fill([settings], pending, '', findings)[0] };
  if (findings.length > 0) throw fieldErrors(findings);
  return next;
}

/**
 * Each section is a store, and what stands beside them all stores share; but in a list under `general`,
 * those with the id of a store are that store's.
 */
function fillStores(
  settings: JsonObject,
  sections: readonly Json[],
  pending: Pending,
  findings: Finding[],
): JsonObject {
  const { sections: _, general, ...others } = settings;
  const parts: readonly Json[] = Array.isArray(general) ? general : [];
  const idOf = (container: Json): string | undefined => (isJsonObject(container) ? String(container.id) : undefined);
  const stores = new Set(sections.filter(isJsonObject).map(idOf));
  const ofAll = { ...others, ...(general === undefined || Array.isArray(general) ? {} : { general }) };
  const containersOf = (id: string): readonly JsonObject[] => {
    if (stores.has(id)) return [...sections, ...parts].filter(isJsonObject).filter((each) => idOf(each) === id);
    return [ofAll, ...parts.filter(isJsonObject).filter((each) => !stores.has(idOf(each)))];
  };
  const filled = new Map<Json, JsonObject>();
  for (const [id, values] of Object.entries(pending)) {
    if (!stores.has(id) && id !== SHARED) {
      findings.push({ code: 'invalid_field', field: id, message: `${id} is no store of this integration` });
    } else if (!isJsonObject(values)) {
      findings.push({ code: 'invalid_field', field: id, message: `${id} must be an object` });
    } else {
      const containers = containersOf(id);
      for (const [i, next] of fill(containers, values, `${id}.`, findings).entries()) {
        filled.set(containers[i] as JsonObject, next);
      }
    }
  }
  const after = (container: Json): Json => filled.get(container) ?? container;
  return {
    ...settings,
    ...filled.get(ofAll),
    sections: sections.map(after),
    ...(Array.isArray(general) ? { general: parts.map(after) } : {}),
  };
}

/** One form, in whatever containers it stands: each pending value goes to the fields of its name. */
function fill(
  containers: readonly JsonObject[],
  pending: Pending,
  prefix: string,
  findings: Finding[],
): readonly JsonObject[] {
  const unused = new Set(Object.keys(pending));
  const fillField = (field: JsonObject): JsonObject => {
    const name = String(field.name);
    if (!Object.hasOwn(pending, name)) return field;
    unused.delete(name);
    const value = pending[name] ?? null;
    const problem = problemOf(field, value);
    if (!problem) return { ...field, value };
    findings.push({ ...problem, field: prefix + name });
    return field;
  };
  const filled = containers.map((container) => fillContainer(container, fillField));
  for (const name of unused) {
    findings.push({ code: 'invalid_field', field: prefix + name, message: `${name} is no field of the settings form` });
  }
  return filled;
}

function fillContainer(container: JsonObject, fillField: (field: JsonObject) => JsonObject): JsonObject {
  const next: Record<string, Json> = { ...container };
  for (const key of FIELD_LISTS) {
    const list = container[key];
    if (Array.isArray(list)) {
      next[key] = list.map((field: Json) => (isJsonObject(field) && 'name' in field ? fillField(field) : field));
    }
  }
  for (const key of CONTAINERS) {
    const inner = container[key];
    if (isJsonObject(inner)) next[key] = fillContainer(inner, fillField);
    if (Array.isArray(inner)) {
      next[key] = inner.map((item: Json) => (isJsonObject(item) ? fillContainer(item, fillField) : item));
    }
  }
  return next;
}

const isEmpty = (value: Json): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0);

function problemOf(field: JsonObject, value: Json): Omit<Finding, 'field'> | undefined {
  const label = String(field.label ?? field.name);
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
      return isOption(field, value) ? undefined : isWrong('must be one of its options');
    case 'multiselect':
      return Array.isArray(value) && value.every((item: Json) => isOption(field, item))
        ? undefined
        : isWrong('must be a list of its options');
    case 'input':
    case 'text':
    case 'textarea':
    case 'expression':
    case 'date':
      return typeof value === 'string' || typeof value === 'number' ? undefined : isWrong('must be a text or a number');
    default:
      // What a field type of the connector's own takes is the connector's to say.
      return undefined;
  }
}

/** Options are values, `[value, label]` pairs or `{value, label}`; a field without any takes all. */
function isOption(field: JsonObject, value: Json): boolean {
  if (!Array.isArray(field.options)) return true;
  const values = field.options.map((option: Json) =>
    Array.isArray(option) ? option[0] : isJsonObject(option) ? option.value : option,
  );
  const plain = isJsonObject(value) && 'id' in value ? value.id : value;
  return values.includes(plain);
}
