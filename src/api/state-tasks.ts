/** A value of a connector's state, from the body that brings it. */
import { requestError } from '../errors.ts';
import { isStorable } from '../json.ts';
import { type BodyLimits, parseBody } from '../parse-body.ts';
import { tasksOf } from '../work/work.ts';

const DEPTH_LIMIT = 100;

function stateValue({ body, limits }: { readonly body: Uint8Array; readonly limits: BodyLimits }): {
  readonly text: Buffer;
} {
  const value = parseBody(body, limits);
  if (!isStorable(value, DEPTH_LIMIT)) {
    throw requestError('invalid_field', { field: '', message: `A value nests ${DEPTH_LIMIT} levels at the most.` });
  }
  return { text: Buffer.from(JSON.stringify(value)) };
}

export const tasks = tasksOf(import.meta.url, { stateValue });
