/** Checks and re-encodes a value of a connector's state; runs in the pool. */
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
    throw requestError('invalid_field', { field: '', message: `A value nests at most ${DEPTH_LIMIT} levels.` });
  }
  return { text: Buffer.from(JSON.stringify(value)) };
}

export const tasks = tasksOf(import.meta.url, { stateValue });
