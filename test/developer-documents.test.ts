/** Documents for developers: short, complete, and pointing at what is there. What they say of imports: architecture.test.ts. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const LINES_MAX = 200;
const PARAGRAPH_WORDS_MAX = 110;
const headings = ['Status', 'Context', 'Decision', 'Consequences', 'Figure'];
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const decisions = globSync('docs/decisions/[0-9]*.md', { cwd: root }).sort();
const documents = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/decisions/README.md', ...decisions];

/** Prose between blank lines; an item of a list is a paragraph, a table or a block of code is none. */
const paragraphs = (text: string): string[] =>
  text
    .replace(/^```.*?^```$/gms, '')
    .split(/\n{2,}|\n(?=\* |\d+\. )/)
    .filter((paragraph) => !paragraph.startsWith('|'));

test('ARCHITECTURE.md is short and names every folder of src and sandbox', () => {
  const text = read('ARCHITECTURE.md');
  expect(text.split('\n').length).toBeLessThanOrEqual(LINES_MAX);
  const sources = globSync(['src/*/**/*.{ts,tsx}', 'sandbox/**/*.ts'], { cwd: root });
  const inside = sources.filter((file) => !file.startsWith('src/author/templates/'));
  const folders = new Set(inside.map((file) => basename(dirname(file))));
  expect(folders).toContain('harness');
  expect(folders).toContain('tiles');
  expect([...folders].filter((folder) => !text.includes(`${folder}/`))).toEqual([]);
});

test.each(documents)('no paragraph of %s is too long', (name) => {
  expect(paragraphs(read(name)).filter((text) => text.split(/\s+/).length > PARAGRAPH_WORDS_MAX)).toEqual([]);
});

test('the reader of paragraphs sees a long one, in a list too', () => {
  const long = 'word '.repeat(PARAGRAPH_WORDS_MAX + 1);
  const found = paragraphs(`short\n\n* short\n* ${long}\n\n\`\`\`sh\n${long}\n\`\`\`\n\n| ${long} |\n`);
  expect(found.filter((text) => text.split(/\s+/).length > PARAGRAPH_WORDS_MAX)).toHaveLength(1);
});

test('every decision has its number once, and its line in the index', () => {
  expect(decisions.length).toBeGreaterThan(20);
  const numbers = decisions.map((name) => Number(basename(name).slice(0, 4)));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  const lines = decisions.map((name) => {
    const [, number, title] = /^# (\d+)\. (.+)$/m.exec(read(name)) ?? [];
    expect(number?.padStart(4, '0'), name).toBe(basename(name).slice(0, 4));
    return `* [${basename(name).slice(0, 4)}](${basename(name)}) ${title}`;
  });
  expect(read('docs/decisions/README.md').match(/^\* .*$/gm)).toEqual(lines);
});

test.each(decisions)('%s has the five headings, and a command in the last of them', (name) => {
  const text = read(name);
  expect([...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(headings);
  const figure = text.slice(text.indexOf('## Figure'));
  expect(figure).toMatch(/`(?:npm run|npx) [^`]+`/);
});

test.each(documents)('commands in %s name scripts and tests that are there', (name) => {
  const text = read(name);
  const { scripts } = JSON.parse(read('package.json'));
  for (const [, script = ''] of text.matchAll(/npm run ([\w:-]+)/g)) expect(scripts).toHaveProperty([script]);
  for (const [, paths = ''] of text.matchAll(/npx vitest run ((?:test\/\S+ ?)+)/g)) {
    const named = paths.replaceAll('`', ' ').split(' ');
    expect(named.filter((path) => path.startsWith('test/') && !existsSync(join(root, path)))).toEqual([]);
  }
});

test('links between them lead somewhere', () => {
  for (const name of documents) {
    for (const [, to = ''] of read(name).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      const path = normalize(join(dirname(name), to));
      // Written for users, and held by other tests.
      if (/^docs\/[\w-]+\.md$/.test(path)) continue;
      expect(existsSync(join(root, path)), `${name} links to ${to}`).toBe(true);
    }
  }
});

test('files and folders that ARCHITECTURE.md points to are there', () => {
  const named = [...read('ARCHITECTURE.md').matchAll(/`((?:src|sandbox|test|docs)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
