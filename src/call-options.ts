/** Options of calls from the embedding application. */
import { requestError } from './errors.ts';

/** As the JSON body of a request. @throws RequestError */
export function bodyText(options: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(options) as string | undefined;
  } catch {
    // A circle, a bigint.
  }
  if (!text?.startsWith('{')) {
    throw requestError('invalid_field', { field: '', message: 'The options must be a JSON object.' });
  }
  return text;
}
