/** Makes a suite of expressions, one per line. */
import type { Suite } from '../evaluate.ts';

const subject = `(source) => new (Object.getPrototypeOf(async () => {}).constructor)('return (' + source + ')')()`;

/** @param differs reasons for known differences, by expression */
export function expressions(api: string, lines: string, differs: Suite['differs'] = {}): Suite {
  const cases = lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .map((line) => [line]);
  const byArguments = Object.entries(differs).map(([source, reason]) => [JSON.stringify([source]), reason]);
  return { api, subject, cases, differs: Object.fromEntries(byArguments) };
}
