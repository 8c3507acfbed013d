/** Validates a value by the same rules as the server's `persistSettings`. Pure. */
import { isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import type { Field } from './field.ts';
import { parseOptions, plainValue } from './options.ts';
import { isEmpty } from './same-json.ts';

/** @returns the error message, or undefined if the value is valid */
export function validateField(field: Field, value: Json, isRequired: boolean): string | undefined {
  if (isEmpty(value)) return isRequired ? `${field.label} is required` : undefined;
  const violation = violationOf(field.raw, value);
  return violation === undefined ? undefined : `${field.label} ${violation}`;
}

function violationOf(raw: JsonObject, value: Json): string | undefined {
  const isAllowed = (item: Json): boolean => allowed === undefined || allowed.has(plainValue(item));
  const allowed = allowedValues(raw);
  switch (raw.type) {
    case 'number':
    case 'integer':
      return Number.isFinite(typeof value === 'string' ? Number(value) : value) ? undefined : 'must be a number';
    case 'checkbox':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'select':
    case 'radio':
      return isAllowed(value) ? undefined : 'must be one of its options';
    case 'multiselect':
      return Array.isArray(value) && value.every(isAllowed) ? undefined : 'must be a list of its options';
    case 'input':
    case 'text':
    case 'textarea':
    case 'expression':
    case 'date':
      return typeof value === 'string' || typeof value === 'number' ? undefined : 'must be a text or a number';
    default:
      // Only the connector can validate its own field types.
      return undefined;
  }
}

/** Option values as the server reads them, and as the control does. */
function allowedValues(raw: JsonObject): ReadonlySet<Json | undefined> | undefined {
  if (!Array.isArray(raw.options)) return undefined;
  const asServer = raw.options.map((option: Json) =>
    Array.isArray(option) ? option[0] : isJsonObject(option) ? option.value : option,
  );
  return new Set([...asServer, ...(parseOptions(raw.options) ?? []).map(({ value }) => value)]);
}
