/**
 * Parses what a running connector asks for. The size is checked before parsing and the schema after it: the text comes
 * out of the isolate, where connector code may have tampered with whatever writes it.
 */
import type { Validator } from '#typebox';
import { hasMoreStructure } from '../../sandbox/index.ts';
import { findings } from '../schema.ts';
import { BrokerError } from './broker-error.ts';

/** Characters outside of strings. A request with the most headers needs a quarter. */
const STRUCTURE_CHARS = 4_000;

export const invalidAsk = (message: string): BrokerError => new BrokerError('invalid_request', message);

/** @throws BrokerError `invalid_request` */
export function parseAsk<T>(validator: { Check(value: unknown): value is T }, text: string): T {
  if (hasMoreStructure(text, STRUCTURE_CHARS)) throw invalidAsk('The request has too many parts.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidAsk('The request is not JSON.');
  }
  if (validator.Check(value)) return value;
  const [first] = findings(validator as unknown as Validator, value);
  throw invalidAsk(`The request is not valid: ${first?.message}`);
}
