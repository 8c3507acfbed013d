/** Parses bodies of webhooks; large ones in the pool. */
import { requestError } from '../errors.ts';
import { flowLimits } from '../flow/limits.ts';
import { type BodyLimits, parseBody, textOf, userBodyLimits } from '../parse-body.ts';
import { tasksOf } from '../work/work.ts';

/** Items of a list: no more than fit on a page. */
const MESSAGES_MAX = flowLimits.pageRecords;
/** Fewer values than a body of this size could have, because each takes memory once parsed. */
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
