/** The documents for users, and their parts. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** By path in the project. Documents for contributors are separate. */
export const documentPaths: readonly string[] = [
  'README.md',
  'connectors/README.md',
  ...globSync('docs/**/*.md', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('docs/decisions/'))
    .sort(),
];

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Code blocks of a language, in order. */
export function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, its]) => its === language)
    .map(([, , code = '']) => code);
}

const withoutBlocks = (markdown: string): string => markdown.replace(/^```.*?^```$/gms, '');

/** Text without code. */
export const proseOf = (markdown: string): string => withoutBlocks(markdown).replace(/`[^`\n]+`/g, '');

/** Targets of links and pictures. */
export function linksIn(markdown: string): string[] {
  const found = proseOf(markdown).matchAll(/\]\(([^)\s]+)\)|\bsrc(?:set)?="([^"]+)"/g);
  return [...found].map(([, target, source = '']) => target ?? source);
}

/** Anchors of the headings, in GitHub's format. */
export function anchorsIn(markdown: string): string[] {
  const headings = [...withoutBlocks(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

/** The cells of all table rows in a text, including heads. */
export function tableRows(markdown: string): string[][] {
  const lines = withoutBlocks(markdown)
    .split('\n')
    .filter((line) => line.startsWith('| '));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
