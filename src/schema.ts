/** TypeBox's findings as the API's errors, with the field as a dotted path. */

import type { Validator } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { type ErrorItem, fieldErrors } from './errors.ts';

function dotted(instancePath: string): string {
  return instancePath
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
}

type Finding = { code: 'missing_required_field' | 'invalid_field'; field: string; message: string };

function findingsOf(error: TLocalizedValidationError): Finding[] {
  const at = error.instancePath === '' ? '' : dotted(error.instancePath);
  const below = (name: string): string => (at === '' ? name : `${at}.${name}`);
  if (error.keyword === 'required') {
    return error.params.requiredProperties.map((name) => ({
      code: 'missing_required_field',
      field: below(name),
      message: `${below(name)} is required`,
    }));
  }
  if (error.keyword === 'additionalProperties') {
    return error.params.additionalProperties.map((name) => ({
      code: 'invalid_field',
      field: below(name),
      message: `${below(name)} is not a field of this object`,
    }));
  }
  // The twin of `additionalProperties`, and the parts of a union: said better by their neighbours.
  if (error.keyword === 'boolean') return [];
  return [{ code: 'invalid_field', field: at, message: `${at || 'the value'} ${error.message}` }];
}

/** What is wrong with a value, one entry per field; empty if nothing is. */
export function findings(validator: Validator, value: unknown): (ErrorItem & Finding)[] {
  if (validator.Check(value)) return [];
  const byField = new Map<string, Finding>();
  for (const error of validator.Errors(value)) {
    for (const finding of findingsOf(error)) {
      if (!byField.has(finding.field)) byField.set(finding.field, finding);
    }
  }
  return [...byField.values()];
}

/** Throws the API's 422 with every wrong field. */
export function assertValid(validator: Validator, value: unknown): void {
  const found = findings(validator, value);
  if (found.length > 0) throw fieldErrors(found);
}
