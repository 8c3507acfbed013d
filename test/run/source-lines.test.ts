/** Stacks by source maps: those of bundlers, and those that are meant to do harm. */
import { transform } from 'esbuild';
import { expect, test } from 'vitest';
import { inlineSourceMap, withSourceLines } from '../../src/run/source-lines.ts';

const SOURCE = `// first line
export function outer(): number {
  const value: number = 1;
  return inner(value) + inner(value);
}

function inner(value: number): number { throw new Error('größe' + value); }
`;

/** Where the source has a text, as `line:column`. */
function placeOf(text: string, source = SOURCE): [line: number, column: number] {
  const before = source.slice(0, source.indexOf(text)).split('\n');
  return [before.length, (before.at(-1) as string).length + 1];
}

test.each([{ minify: false }, { minify: true }])(
  'a place in what a bundler made is the place in its source: %j',
  async ({ minify }) => {
    const { code, map } = await transform(SOURCE, {
      loader: 'ts',
      minify,
      sourcemap: 'external',
      sourcefile: 'src/größe.ts',
    });
    const [line, column] = placeOf('throw', code);
    const stack = `Error: größe1\n    at inner (a/index.js:${line}:${column})\n    at other (b/index.js:1:1)`;
    const [sourceLine, sourceColumn] = placeOf('throw');
    const expected = `Error: größe1\n    at inner (src/größe.ts:${sourceLine}:${sourceColumn})\n    at other (b/index.js:1:1)`;
    expect(withSourceLines(stack, 'a/index.js', map)).toBe(expected);
    const inline = await transform(SOURCE, { loader: 'ts', minify, sourcemap: 'inline', sourcefile: 'src/größe.ts' });
    expect(withSourceLines(stack, 'a/index.js', inlineSourceMap(inline.code))).toBe(expected);
  },
);

test('a place that the map does not know stays as it is', async () => {
  const { map } = await transform(SOURCE, { loader: 'ts', sourcemap: 'external', sourcefile: 'x.ts' });
  for (const stack of ['a/index.js:900:1', 'a/index.js:0:0', 'a/index.js', 'aXindex.js:1:1', '']) {
    expect(withSourceLines(stack, 'a/index.js', map)).toBe(stack);
  }
});

const map = (fields: object): string =>
  JSON.stringify({ version: 3, sources: ['a.ts'], names: [], mappings: 'AAAA', ...fields });
const stack = 'at f (a/index.js:1:1)';

test.each<[string, string | undefined]>([
  ['none', undefined],
  ['no JSON', '{"version":3'],
  ['no map', '[]'],
  ['another version', map({ version: 2 })],
  ['no text', map({ mappings: 5 })],
  ['digits that are none', map({ mappings: 'A!AA' })],
  ['a number without an end', map({ mappings: 'gggggggggggggggggggggggg' })],
  ['a source that is not there', map({ mappings: 'ACAA' })],
  ['no source', map({ sources: [null] })],
  ['negative places', map({ mappings: 'ADDD' })],
  ['too large a map', map({ sourcesContent: ['x'.repeat(7_000_000)] })],
  ['too many mappings', map({ mappings: 'AAAA,'.repeat(1_000_000) })],
])('a map with %s does no harm', (_what, text) => {
  expect([stack, 'at f (a.ts:0:0)']).toContain(withSourceLines(stack, 'a/index.js', text));
});

test('the control: the same map, good', () => {
  expect(withSourceLines(stack, 'a/index.js', map({}))).toBe('at f (a.ts:1:1)');
  expect(withSourceLines(stack, 'a/index.js', map({ sourceRoot: 'src/' }))).toBe('at f (src/a.ts:1:1)');
});

test('the largest map takes a moment, and the longest name of a source little room', () => {
  const large = map({ mappings: 'AAAA,'.repeat(419_000), sources: ['s'.repeat(1_000_000)] });
  const frames = 'at f (a/index.js:1:1)\n'.repeat(1_000);
  const startedAt = performance.now();
  const shown = withSourceLines(frames, 'a/index.js', large);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(shown).toContain('ssss:1:1');
  expect(shown.length).toBeLessThan(300_000);
});
