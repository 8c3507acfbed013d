/**
 * Converts integrator.io 2.0 forms, `{fieldMap, layout}`, to a container of fields. Pure.
 *
 * `layout` lists the fields in order, in containers of type `tab`, `collapse` or `box`. Fields it does not list
 * come last, so that none is left out.
 */
import { isJsonObject, type Json, type JsonObject } from '../api/json.ts';

/** Returns the container unchanged if it has no `fieldMap`. */
export function expandLayout(container: JsonObject): JsonObject {
  const { fieldMap, layout, ...rest } = container;
  if (!isJsonObject(fieldMap)) return container;
  const fields = new Map(
    Object.entries(fieldMap).filter((entry): entry is [string, JsonObject] => isJsonObject(entry[1])),
  );
  const unplaced = new Map(fields);
  const placed = isJsonObject(layout) ? takePlaced(layout, unplaced) : {};
  const unplacedFields = [...unplaced].map(([id, field]) => fieldOf(id, field));
  return addRules(
    { ...rest, ...placed, fields: [...((placed.fields as readonly Json[]) ?? []), ...unplacedFields] },
    fields,
  );
}

function takePlaced(layout: JsonObject, unplaced: Map<string, JsonObject>): JsonObject {
  const named = Array.isArray(layout.fields) ? layout.fields : [];
  const fields = named.flatMap((id: Json) => {
    const field = unplaced.get(String(id));
    unplaced.delete(String(id));
    return field ? [fieldOf(String(id), field)] : [];
  });
  const containers = (Array.isArray(layout.containers) ? layout.containers : []).filter(isJsonObject);
  const inner = containers.map((container) => ({
    ...(container.label === undefined ? {} : { title: container.label }),
    ...takePlaced(container, unplaced),
  }));
  const isTabs = typeof layout.type === 'string' && layout.type.toLowerCase().startsWith('tab');
  return { fields, [isTabs ? 'sections' : 'fieldSets']: inner };
}

function fieldOf(id: string, field: JsonObject): JsonObject {
  return {
    ...field,
    name: nameOf(id, field),
    ...(field.value === undefined && field.defaultValue !== undefined ? { value: field.defaultValue } : {}),
    ...(Array.isArray(field.options) ? { options: field.options.flatMap(groupItems) } : {}),
  };
}

const nameOf = (id: string, { name, fieldId }: JsonObject): Json => (name ?? fieldId ?? id) as Json;

/** Options come in groups: `[{items: […]}]`. */
const groupItems = (option: Json): readonly Json[] =>
  isJsonObject(option) && Array.isArray(option.items) ? option.items : [option];

const RULES = [
  ['visibleWhen', 'hidden', false],
  ['visibleWhenAll', 'hidden', false],
  ['requiredWhen', 'required', true],
  ['requiredWhenAll', 'required', true],
] as const;

/** Turns `visibleWhen: [{field, is: […]}]` into dependencies of the named field. */
function addRules(container: JsonObject, fields: ReadonlyMap<string, JsonObject>): JsonObject {
  const cases = new Map<string, Map<string, JsonObject[]>>();
  for (const [id, field] of fields) {
    for (const [key, property, value] of RULES) {
      for (const rule of Array.isArray(field[key]) ? field[key].filter(isJsonObject) : []) {
        const controller = fields.get(String(rule.field));
        if (!controller || !Array.isArray(rule.is)) continue;
        const name = String(nameOf(String(rule.field), controller));
        const ofController = cases.get(name) ?? new Map<string, JsonObject[]>();
        cases.set(name, ofController);
        for (const is of rule.is) {
          const caseName = typeof is === 'boolean' ? (is ? 'enabled' : 'disabled') : String(is);
          const changes = ofController.get(caseName) ?? [];
          ofController.set(caseName, [...changes, { name: nameOf(id, field), [property]: value }]);
        }
      }
    }
  }
  return cases.size === 0 ? container : addDependencies(container, cases);
}

function addDependencies(
  container: JsonObject,
  cases: ReadonlyMap<string, ReadonlyMap<string, JsonObject[]>>,
): JsonObject {
  const inner = (value: Json | undefined): Json[] =>
    (Array.isArray(value) ? value : []).filter(isJsonObject).map((item) => addDependencies(item, cases));
  const fields = (Array.isArray(container.fields) ? container.fields : []).filter(isJsonObject).map((field) => {
    const own = cases.get(String(field.name));
    if (!own || field.dependencies !== undefined) return field;
    return {
      ...field,
      dependencies: Object.fromEntries([...own].map(([name, changes]) => [name, { fields: changes }])),
    };
  });
  return { ...container, fields, sections: inner(container.sections), fieldSets: inner(container.fieldSets) };
}
