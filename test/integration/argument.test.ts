/** The argument of a function call: the caller's keys, then the runtime's, which win. */
import { expect, test } from 'vitest';
import { argumentOf } from '../../src/integration/argument.ts';
import { LARGE_BYTES } from '../../src/json.ts';

const text = (argument: string | readonly Buffer[]): string =>
  typeof argument === 'string' ? argument : Buffer.concat(argument).toString();

const SPACES = ' \n\t\r'.repeat(LARGE_BYTES / 4);

test.each([
  ['nothing', '{}', {}],
  ['white space', ' { \n } ', {}],
  ['much white space', `{${SPACES}}`, {}],
  ['much white space around it', `${SPACES}{"a":1}${SPACES}`, { a: 1 }],
  ['a member', '{"a":"}"}', { a: '}' }],
  ['a member that ends with a brace', '{"a":{}}', { a: {} }],
  ['a text that ends with a brace', '{"a":"{"  }', { a: '{' }],
  ['one of ours', '{"bearerToken":"stolen","ü":1}', { ü: 1 }],
  [
    'one of ours, and much else',
    `{"bearerToken":"stolen","text":"${'x'.repeat(LARGE_BYTES)}"}`,
    { text: 'x'.repeat(LARGE_BYTES) },
  ],
  ['a mark in front', '\uFEFF{"a":1}', { a: 1 }],
  ['a mark in front, and much else', `\uFEFF{"a":"${'ü'.repeat(LARGE_BYTES)}"}`, { a: 'ü'.repeat(LARGE_BYTES) }],
])('%s', (_what, body, expected) => {
  const argument = JSON.parse(text(argumentOf(Buffer.from(body), '"bearerToken":"ours"')));
  expect(argument).toEqual({ ...expected, bearerToken: 'ours' });
});
