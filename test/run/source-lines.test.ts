/** Stacks mapped with source maps: those of bundlers, and hostile ones. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { transform } from 'esbuild';
import { expect, test } from 'vitest';
import { inlineSourceMap, SourceLines, withSourceLines } from '../../src/run/source-lines.ts';
import { readSourceMap } from '../../src/run/source-map.ts';
import { ENOUGH_MS } from '../support/timed.ts';

const SOURCE = `// first line
export function outer(): number {
  const value: number = 1;
  return inner(value) + inner(value);
}

function inner(value: number): number { throw new Error('größe' + value); }
`;

const mapped = async (stack: string, filename: string, map: string | undefined): Promise<string> =>
  withSourceLines(stack, filename, map === undefined ? undefined : await readSourceMap(map));

/** The position of a text in the source, as `line:column`. */
function placeOf(text: string, source = SOURCE): [line: number, column: number] {
  const before = source.slice(0, source.indexOf(text)).split('\n');
  return [before.length, (before.at(-1) as string).length + 1];
}

test.each([{ minify: false }, { minify: true }])(
  "maps a position in a bundler's output to the source: %j",
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
    expect(await mapped(stack, 'a/index.js', map)).toBe(expected);
    const inline = await transform(SOURCE, { loader: 'ts', minify, sourcemap: 'inline', sourcefile: 'src/größe.ts' });
    expect(await mapped(stack, 'a/index.js', inlineSourceMap(inline.code))).toBe(expected);
  },
);

test.each([
  ['a/dist/index.js', '../src/größe.ts', 'src/größe.ts'],
  ['a/index.js', './lib/x.js', 'lib/x.js'],
  ['a/dist/index.js', '../../word.ts', '../word.ts'],
  ['a/dist/index.js', 'webpack:///x.ts', 'webpack:///x.ts'],
  ['a/dist/index.js', '/home/x.ts', '/home/x.ts'],
])('%s: a source named %s is shown as %s', async (filename, source, shown) => {
  const map = JSON.stringify({ version: 3, sources: [source], names: [], mappings: 'AAAA' });
  expect(await mapped(`at f (${filename}:1:1)`, filename, map)).toBe(`at f (${shown}:1:1)`);
});

test('a position missing from the map stays unchanged', async () => {
  const { map } = await transform(SOURCE, { loader: 'ts', sourcemap: 'external', sourcefile: 'x.ts' });
  for (const stack of ['a/index.js:900:1', 'a/index.js:0:0', 'a/index.js', 'aXindex.js:1:1', '']) {
    expect(await mapped(stack, 'a/index.js', map)).toBe(stack);
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
])('ignores a map with %s', async (_what, text) => {
  expect([stack, 'at f (a.ts:0:0)']).toContain(await mapped(stack, 'a/index.js', text));
});

test('control: the same map, valid', async () => {
  expect(await mapped(stack, 'a/index.js', map({}))).toBe('at f (a.ts:1:1)');
  expect(await mapped(stack, 'a/index.js', map({ sourceRoot: 'src/' }))).toBe('at f (src/a.ts:1:1)');
});

test('the largest map parses quickly, and long source names take little memory', async () => {
  const large = map({ mappings: 'AAAA,'.repeat(419_000), sources: ['s'.repeat(1_000_000)] });
  const frames = 'at f (a/index.js:1:1)\n'.repeat(1_000);
  const startedAt = performance.now();
  const shown = await mapped(frames, 'a/index.js', large);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(shown).toContain('ssss:1:1');
  expect(shown.length).toBeLessThan(300_000);
});

/** Mappings of one line: columns 0, 10, 20, …, each to the source line of that number. */
const columns = (count: number): string => ['AAAA', ...Array(count - 1).fill('UACA')].join(',');

test('a position belongs to the last segment of its line that starts at or before it', async () => {
  const text = map({ mappings: `${columns(100)};;${columns(3)};A` });
  for (const [at, expected] of [
    ['1:1', 'a.ts:1:1'],
    ['1:10', 'a.ts:1:1'],
    ['1:11', 'a.ts:2:1'],
    ['1:996', 'a.ts:100:1'],
    ['1:99999', 'a.ts:100:1'],
    ['2:1', 'a/index.js:2:1'],
    // Source lines are relative across bundle lines.
    ['3:25', 'a.ts:102:1'],
    ['4:1', 'a/index.js:4:1'],
    ['5:1', 'a/index.js:5:1'],
  ]) {
    expect(await mapped(`a/index.js:${at}`, 'a/index.js', text)).toBe(expected);
  }
});

test('an inline map that is too large is ignored', () => {
  const comment = '//# sourceMappingURL=data:application/json;base64,';
  expect(inlineSourceMap(`code(); // a\n${comment}${Buffer.from('{}').toString('base64')}\n`)).toBe('{}');
  expect(inlineSourceMap('code(); // a')).toBeUndefined();
  expect(inlineSourceMap(`${comment}${'A'.repeat(9_000_000)}`)).toBeUndefined();
});

const bundle = (digest: string) => ({
  connectorId: 'c',
  digest,
  filename: 'a/index.js',
  format: 'commonjs' as const,
  code: '',
});
const frames = Array.from({ length: 100 }, (_, i) => `at f (a/index.js:${20_000 * i + 1}:1)`).join('\n');

test.each([
  ['two million lines', map({ mappings: ';'.repeat(2 * 1024 * 1024) })],
  ['four hundred thousand segments', map({ mappings: 'AAAA,'.repeat(419_000) })],
  ['text that nobody reads', map({ sourcesContent: ['x\n'.repeat(2_000_000)] })],
])('a map of %s is parsed once, without blocking the event loop', async (_, sourceMap) => {
  const lines = new SourceLines();
  const code = { bundle: bundle('1'), sourceMap };
  const gaps = watchTurns();
  const first = await lines.of(code, frames);
  expect(await gaps()).toBeLessThan(ENOUGH_MS);
  const startedAt = performance.now();
  for (let i = 0; i < 50; i++) expect(await lines.of(code, frames)).toBe(first);
  expect((performance.now() - startedAt) / 50).toBeLessThan(20);
});

test('indexes of many large maps are evicted', async () => {
  const lines = new SourceLines();
  const sourceMap = map({ mappings: 'AAAA,'.repeat(419_000) });
  const codes = Array.from({ length: 20 }, (_, i) => ({ bundle: bundle(String(i)), sourceMap }));
  const before = process.memoryUsage().arrayBuffers;
  for (const code of codes) await lines.of(code, frames);
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024);
  for (const code of codes) expect(await lines.of(code, 'a/index.js:1:1')).toBe('a.ts:1:1');
});

/** Measures the longest turn of the event loop until it is called. */
function watchTurns(): () => Promise<number> {
  let [longest, at, isOver] = [0, performance.now(), false];
  const watching = (async () => {
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      longest = Math.max(longest, performance.now() - at);
      at = performance.now();
    }
  })();
  return async () => {
    isOver = true;
    await watching;
    return longest;
  };
}
