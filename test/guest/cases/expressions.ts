/** Makes a suite of expressions, one a line. */
import type { Suite } from '../evaluate.ts';

const subject = `(source) => new (Object.getPrototypeOf(async () => {}).constructor)('return (' + source + ')')()`;

export function expressions(api: string, lines: string, differs: Suite['differs'] = {}): Suite {
  const cases = lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .map((line) => [line]);
  return { api, subject, cases, differs };
}
