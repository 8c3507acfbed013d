/** What becomes of the Markdown of a README: structure for what is known, text for everything else. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Inline, readInline } from '../../src/dashboard/connectors/read-inline.ts';
import { type Block, readMarkdown } from '../../src/dashboard/connectors/read-markdown.ts';

const blocksOf = (...lines: string[]) => readMarkdown(lines.join('\n')).blocks;
const link = (href: string, ...parts: Inline[]) => ({ kind: 'link', href, parts });
const paragraph = (...parts: Inline[]) => ({ kind: 'paragraph', parts });

test('headings, paragraphs, code, rules and quotes', () => {
  expect(
    blocksOf(
      '# Shop ##',
      'One',
      '  two',
      '',
      '```js',
      '# not a heading',
      '```',
      '---',
      '> quoted',
      '> > twice',
      'Title',
      '===',
    ),
  ).toEqual([
    { kind: 'heading', level: 1, parts: ['Shop'] },
    paragraph('One two'),
    { kind: 'code', text: '# not a heading' },
    { kind: 'rule' },
    { kind: 'quote', blocks: [paragraph('quoted'), { kind: 'quote', blocks: [paragraph('twice')] }] },
    { kind: 'heading', level: 1, parts: ['Title'] },
  ]);
  expect(blocksOf('~~~', 'never closed')).toEqual([{ kind: 'code', text: 'never closed' }]);
  expect(blocksOf('C#', '#hashtag')).toEqual([paragraph('C# #hashtag')]);
});

test('lists in lists, and tables', () => {
  expect(blocksOf('- one', '  goes on', '  - inner', '- two', '', '- three', '1. first', '2) second')).toEqual([
    {
      kind: 'list',
      isOrdered: false,
      items: [
        [paragraph('one goes on'), { kind: 'list', isOrdered: false, items: [[paragraph('inner')]] }],
        [paragraph('two')],
        [paragraph('three')],
      ],
    },
    { kind: 'list', isOrdered: true, items: [[paragraph('first')], [paragraph('second')]] },
  ]);
  expect(blocksOf('| a | b |', '| --- | :-: |', '| 1 | `2` |', '', 'after')).toEqual([
    {
      kind: 'table',
      rows: [
        [['a'], ['b']],
        [['1'], [{ kind: 'code', text: '2' }]],
      ],
    },
    paragraph('after'),
  ]);
});

test('emphasis, code, links and images in a line', () => {
  expect(readInline('a **b _c_** `d*e*` snake_case_name \\*f\\*')).toEqual([
    'a ',
    { kind: 'strong', parts: ['b ', { kind: 'em', parts: ['c'] }] },
    ' ',
    { kind: 'code', text: 'd*e*' },
    ' snake_case_name *f*',
  ]);
  expect(readInline('[docs](https://a.example/x "title") <https://b.example> https://c.example/?d=1')).toEqual([
    link('https://a.example/x', 'docs'),
    ' ',
    link('https://b.example/', 'https://b.example'),
    ' ',
    link('https://c.example/?d=1', 'https://c.example/?d=1'),
  ]);
  expect(readInline('![logo](https://a.example/track.png) [![build](x.svg)](https://ci.example)')).toEqual([
    'logo ',
    link('https://ci.example/', 'build'),
  ]);
});

test('what could run or leads nowhere is text', () => {
  for (const address of [
    'javascript:alert(1)',
    'JaVaScRiPt:x',
    'data:text/html,x',
    'file:///etc/passwd',
    'docs/a.md',
    '#top',
    '',
  ]) {
    expect(readInline(`[label](${address})`).join(''), address).toContain('label');
    expect(
      readInline(`[label](${address})`).every((part) => typeof part === 'string'),
      address,
    ).toBe(true);
  }
  expect(blocksOf('<script>alert(1)</script>')).toEqual([paragraph('<script>alert(1)</script>')]);
});

/** Everything that is answered. */
function* partsIn(blocks: readonly Block[]): Generator<Inline> {
  for (const block of blocks) {
    if (block.kind === 'quote') yield* partsIn(block.blocks);
    else if (block.kind === 'list') for (const item of block.items) yield* partsIn(item);
    else if (block.kind === 'table') yield* inlineIn(block.rows.flat(2));
    else if ('parts' in block) yield* inlineIn(block.parts);
  }
}
function* inlineIn(parts: readonly Inline[]): Generator<Inline> {
  for (const part of parts) {
    yield part;
    if (typeof part === 'object' && part.kind !== 'code') yield* inlineIn(part.parts);
  }
}

test('whatever the text is, links are of http or https, and nothing throws', () => {
  const token = fc.constantFrom(
    ...['`', '``', '*', '**', '_', '[', ']', '(', ')', '!', '<', '>', '|', '-', '#', '\n', '\n\n', '  ', '1. ', '\\'],
    ...[
      '[a](javascript:x)',
      '[',
      '](javascript:x)',
      '<javascript:x>',
      'https://a.example',
      'text',
      '|---|',
      '\r',
      '\u2028',
      '~~~',
    ],
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 60 }), (tokens) => {
      for (const part of partsIn(readMarkdown(tokens.join('')).blocks)) {
        if (typeof part === 'object' && part.kind === 'link') expect(part.href).toMatch(/^https?:\/\//);
      }
    }),
    { numRuns: 2_000 },
  );
});

const BYTES = 256 * 1024;
test.each([
  '`',
  '``a`',
  '[',
  '[a](',
  '![',
  '**a',
  '_a ',
  '<',
  '> ',
  '- ',
  '  - ',
  '|',
  'a|b\n|-|-|\n',
  '#',
  '# a\n',
  '-\n',
  '\n',
  ' ',
  '\\',
  '```\n',
  'http://',
])('a README of nothing but %j is read in time, and is cut', (token) => {
  const text = token.repeat(BYTES / token.length);
  const startedAt = performance.now();
  const { blocks } = readMarkdown(text);
  // Quadratic time would take minutes.
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(blocks.length).toBeLessThanOrEqual(2_000);
});

test('deep nesting ends in text', () => {
  let depth = 0;
  for (let [block] = blocksOf(`${'> '.repeat(1_000)}x`); block?.kind === 'quote'; [block] = block.blocks) depth++;
  expect(depth).toBe(5);
  expect(readMarkdown('- a\n'.repeat(5_000)).isCut).toBe(true);
  expect(readMarkdown('- a\n'.repeat(50)).isCut).toBe(false);
});
