/** SHA-256 of a text, computed by the thread: in JavaScript, it would take most of a page's time. */
import type { Web } from '../web-apis.ts';
import { PageError } from './errors.ts';

declare const web: Web;

/** @returns hexadecimal @throws PageError if the text is longer than the thread accepts */
export function digestOf(text: string): string {
  const answer = web.compute('digestText', '{"hash":"SHA-256"}', '', text);
  if (!answer.startsWith('+')) throw new PageError('request_failed', 'a request is too large');
  return answer.slice(1);
}
