/**
 * `{{connection.…}}` stands for a value of the connection, in headers, addresses and bodies. Only `{{path}}` is
 * supported, not the rest of the template language: with sections and partials a credential could be sent in pieces that
 * redaction does not recognize, or expansion could take forever. Pure.
 */
import mustache from 'mustache';
import { type ErrorCode, fieldErrors } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { at } from './record.ts';
import { SECRET_CHARS_MIN } from './secret-spellings.ts';

/** A text for a request, and the paths of the connection's values in it. */
export interface FilledText {
  readonly text: string;
  readonly from: readonly (readonly string[])[];
}

/** Templates in one text. */
const TAGS = 100;
/** Of a name in a template of a body. */
const NAME_CHARS = 500;

export function invalid(field: string, message: string): Error {
  const code: ErrorCode = 'invalid_field';
  return fieldErrors([{ code, field, message }]);
}

export const tooLong = (field: string, chars: number): Error =>
  invalid(field, `${field} is longer than ${chars} characters`);

/** How a value is written where it is inserted. */
export type Encoding = (value: string) => string;

/**
 * Fills a text that consists of templates and little else.
 *
 * @param field named in errors
 * @param chars of the result
 * @throws RequestError
 */
export function fillTemplate(
  template: string,
  connection: JsonObject,
  { field, chars, encode = (value) => value }: { field: string; chars: number; encode?: Encoding },
): FilledText {
  if (!template.includes('{{')) return { text: template, from: [] };
  const from: string[][] = [];
  let text = '';
  for (const [type, value] of parseTemplate(template, field)) {
    if (type === 'text') text += value;
    else {
      const path = pathIn(type, String(value), field);
      text += encode(leafAt(connection, path));
      if (from.push(path) > TAGS) throw invalid(field, `${field} has a text with more than ${TAGS} templates`);
    }
    // Checked at every step, as a value may have megabytes.
    if (text.length > chars) throw tooLong(field, chars);
  }
  return { text, from };
}

function leafAt(connection: JsonObject, path: readonly string[]): string {
  const leaf: Json | undefined = at(connection, path);
  return leaf === undefined || leaf === null || typeof leaf === 'object' ? '' : String(leaf);
}

function pathIn(type: string, name: string, field: string): string[] {
  const [root, ...path] = name.split('.');
  if (['name', '&'].includes(type) && root === 'connection') return path;
  throw invalid(field, `${field} supports only {{connection.…}} with the path of a value`);
}

/** mustache takes quadratic time for these, and no template needs them. */
const SLOW = /\s{100}|\{\{\s*=/;

function parseTemplate(template: string, field: string): readonly [type: string, value: unknown][] {
  if (SLOW.test(template)) {
    throw invalid(field, `${field} contains a template with many blanks or custom delimiters`);
  }
  try {
    // The library's shared writer would cache every template forever.
    return new mustache.Writer().parse(template) as [string, unknown][];
  } catch {
    throw invalid(field, `${field} contains an invalid template`);
  }
}

const OPENING = '{{connection.';

/**
 * Fills `{{connection.…}}` in a body of any size, and leaves everything else as it is: two braces mean something in many
 * bodies.
 *
 * @param isSecret a short credential could not be removed from the answer, so it is not sent
 * @throws RequestError
 */
export function fillBody(
  body: Buffer,
  connection: JsonObject,
  { type, isSecret }: { type: string; isSecret: (path: readonly string[]) => boolean },
): Buffer {
  const encode = encodingOf(type);
  const pieces: Buffer[] = [];
  let end = 0;
  for (let start = body.indexOf(OPENING); start !== -1; start = body.indexOf(OPENING, end)) {
    const close = body.subarray(start, start + NAME_CHARS).indexOf('}}');
    if (close === -1) throw invalid('body', 'the body contains a template that does not end');
    const path = body
      .subarray(start + OPENING.length, start + close)
      .toString()
      .trim()
      .split('.');
    const value = leafAt(connection, path);
    if (isSecret(path) && value.trim().length < SECRET_CHARS_MIN) {
      throw invalid('body', `connection.${path.join('.')} is too short to be kept secret in a body`);
    }
    pieces.push(body.subarray(end, start), Buffer.from(encode(value)));
    end = start + close + 2;
    if (pieces.length > 2 * TAGS) throw invalid('body', `the body has more than ${TAGS} templates`);
  }
  return pieces.length === 0 ? body : Buffer.concat([...pieces, body.subarray(end)]);
}

/** @param type the media type that the value is inserted into */
function encodingOf(type: string): Encoding {
  if (/\bjson\b/i.test(type)) return (value) => JSON.stringify(value).slice(1, -1);
  if (/x-www-form-urlencoded/i.test(type)) return encodeURIComponent;
  if (/\b(?:xml|html)\b/i.test(type)) return mustache.escape;
  return (value) => value;
}
