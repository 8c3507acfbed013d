/** Reads what webhooks receive; large bodies in the pool. */
import { requestError } from '../errors.ts';
import { flowLimits } from '../flow/limits.ts';
import { type BodyLimits, parseBody, textOf, userBodyLimits } from '../parse-body.ts';
import { tasksOf } from '../work/work.ts';

/** Items of a list: as many as a page has. */
const MESSAGES_MAX = flowLimits.pageRecords;
/** Fewer than a body could have, because every small value takes memory when it is parsed. */
const limits: BodyLimits = Object.freeze({ ...userBodyLimits, parts: flowLimits.messageParts });

interface Received {
  readonly body: Uint8Array;
  readonly isForm: boolean;
}

/** JSON of each message in a body. @throws RequestError */
function messages({ body, isForm }: Received): { readonly messages: string[] } {
  const text = textOf(body);
  if (isForm) return { messages: [JSON.stringify(Object.fromEntries(new URLSearchParams(text)))] };
  const value = parseBody(body, limits);
  if (Array.isArray(value)) {
    if (value.length > MESSAGES_MAX) {
      throw requestError('request_too_large', { message: `The list has more than ${MESSAGES_MAX} items.` });
    }
    return { messages: value.map((item) => JSON.stringify(item)) };
  }
  if (typeof value !== 'object' || value === null) {
    throw requestError('invalid_field', { field: '', message: 'The body must be a record, or a list of records.' });
  }
  return { messages: [text] };
}

export const tasks = tasksOf(import.meta.url, { messages });
