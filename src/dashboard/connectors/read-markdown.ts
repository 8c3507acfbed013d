/**
 * Reads the Markdown of a README or changelog, as far as these need it: headings, paragraphs, lists, code, quotes and
 * tables. Anything else, HTML included, is text. Pure, linear in the text's length, and bounded in what it answers.
 */
import { type Inline, readInline } from './read-inline.ts';

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly parts: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly parts: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'quote'; readonly blocks: readonly Block[] }
  | { readonly kind: 'list'; readonly isOrdered: boolean; readonly items: readonly (readonly Block[])[] }
  | { readonly kind: 'table'; readonly rows: readonly (readonly (readonly Inline[])[])[] }
  | { readonly kind: 'rule' };

export interface Markdown {
  readonly blocks: readonly Block[];
  /** There was more than is shown. */
  readonly isCut: boolean;
}

/** Blocks, items and rows together: what a browser lays out at once. */
const MAX_BLOCKS = 2_000;
/** Quotes and lists within each other. What is deeper is text. */
const MAX_DEPTH = 5;
const MAX_COLUMNS = 12;
/** Longer lines are text, whatever they look like. */
const MAX_MARK_CHARS = 2_000;

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+/;
const RULE = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}>[ \t]?/;
const ITEM = /^( {0,3})(?:[-*+]|(\d{1,9})[.)])[ \t]+/;
const UNDERLINE = /^ {0,3}(?:=+|-+)[ \t]*$/;
const DIVIDER = /^[ \t|:-]*-[ \t|:-]*$/;

export function readMarkdown(text: string): Markdown {
  const reader = new BlockReader();
  return { blocks: reader.read(text.split(/\r\n?|\n/), 0), isCut: reader.isCut };
}

class BlockReader {
  isCut = false;
  #left = MAX_BLOCKS;

  read(lines: readonly string[], depth: number): Block[] {
    const blocks: Block[] = [];
    for (let at = 0; at < lines.length; ) {
      if (isBlank(lines[at])) {
        at++;
        continue;
      }
      if (!this.#takeOne()) break;
      const { block, next } = this.#block(lines, at, depth);
      blocks.push(block);
      at = next;
    }
    return blocks;
  }

  #takeOne(): boolean {
    if (this.#left === 0) this.isCut = true;
    else this.#left--;
    return !this.isCut;
  }

  #block(lines: readonly string[], at: number, depth: number): { block: Block; next: number } {
    const line = lines[at] as string;
    const fence = FENCE.exec(line)?.[1];
    if (fence !== undefined) return codeFrom(lines, at, fence);
    const marks = line.length > MAX_MARK_CHARS ? undefined : HEADING.exec(line);
    if (marks) {
      const parts = readInline(withoutClosing(line.slice(marks[0].length)));
      return { block: { kind: 'heading', level: marks[1]?.length ?? 1, parts }, next: at + 1 };
    }
    if (line.length <= MAX_MARK_CHARS && RULE.test(line)) return { block: { kind: 'rule' }, next: at + 1 };
    if (depth < MAX_DEPTH && QUOTE.test(line)) return this.#quote(lines, at, depth);
    if (depth < MAX_DEPTH && ITEM.test(line)) return this.#list(lines, at, depth);
    if (line.includes('|') && isDivider(lines[at + 1])) return this.#table(lines, at);
    return paragraphFrom(lines, at);
  }

  #quote(lines: readonly string[], at: number, depth: number): { block: Block; next: number } {
    let next = at;
    const inner: string[] = [];
    for (; next < lines.length && QUOTE.test(lines[next] as string); next++) {
      inner.push((lines[next] as string).replace(QUOTE, ''));
    }
    return { block: { kind: 'quote', blocks: this.read(inner, depth + 1) }, next };
  }

  #list(lines: readonly string[], at: number, depth: number): { block: Block; next: number } {
    const isOrdered = ITEM.exec(lines[at] as string)?.[2] !== undefined;
    const items: Block[][] = [];
    let next = at;
    while (next < lines.length) {
      const mark = ITEM.exec(lines[next] as string);
      if (!mark || (mark[2] !== undefined) !== isOrdered || !this.#takeOne()) break;
      const indent = (mark[1] as string).length + 2;
      const inner = [(lines[next] as string).slice(mark[0].length)];
      for (next++; next < lines.length; next++) {
        const line = lines[next] as string;
        const isIndented = line.length - line.trimStart().length >= indent;
        const goesOn = isIndented || (isBlank(line) ? isIndentedBy(lines[next + 1], indent) : isLazy(line));
        if (!goesOn) break;
        inner.push(isIndented ? line.slice(Math.min(mark[0].length, line.length - line.trimStart().length)) : line);
      }
      items.push(this.read(inner, depth + 1));
      while (isBlank(lines[next]) && next < lines.length && ITEM.test(lines[next + 1] ?? '')) next++;
    }
    return { block: { kind: 'list', isOrdered, items }, next: this.isCut ? lines.length : next };
  }

  #table(lines: readonly string[], at: number): { block: Block; next: number } {
    const rows = [cellsOf(lines[at] as string)];
    let next = at + 2;
    for (; next < lines.length && (lines[next] as string).includes('|') && this.#takeOne(); next++) {
      rows.push(cellsOf(lines[next] as string));
    }
    return { block: { kind: 'table', rows }, next: this.isCut ? lines.length : next };
  }
}

const isBlank = (line: string | undefined): boolean => line === undefined || line.trim() === '';
const isDivider = (line: string | undefined): boolean =>
  line !== undefined && line.length <= MAX_MARK_CHARS && line.includes('|') && DIVIDER.test(line);
const isIndentedBy = (line: string | undefined, indent: number): boolean =>
  line !== undefined && !isBlank(line) && line.length - line.trimStart().length >= indent;

/** A paragraph goes on with it, even if it is not indented. */
const isLazy = (line: string): boolean => !startsBlock(line);

const startsBlock = (line: string): boolean =>
  FENCE.test(line) ||
  QUOTE.test(line) ||
  ITEM.test(line) ||
  (line.length <= MAX_MARK_CHARS && (HEADING.test(line) || RULE.test(line)));

function codeFrom(lines: readonly string[], at: number, fence: string): { block: Block; next: number } {
  let end = at + 1;
  while (end < lines.length && !isClosing(lines[end] as string, fence)) end++;
  return { block: { kind: 'code', text: lines.slice(at + 1, end).join('\n') }, next: end + 1 };
}

const isClosing = (line: string, fence: string): boolean =>
  line.length <= MAX_MARK_CHARS && line.trim().startsWith(fence) && line.trim().replaceAll(fence[0] ?? '', '') === '';

function paragraphFrom(lines: readonly string[], at: number): { block: Block; next: number } {
  let next = at + 1;
  for (; next < lines.length; next++) {
    const line = lines[next] as string;
    if (UNDERLINE.test(line)) {
      const parts = readInline(joined(lines.slice(at, next)));
      return { block: { kind: 'heading', level: line.includes('=') ? 1 : 2, parts }, next: next + 1 };
    }
    if (isBlank(line) || startsBlock(line)) break;
  }
  return { block: { kind: 'paragraph', parts: readInline(joined(lines.slice(at, next))) }, next };
}

const joined = (lines: readonly string[]): string => lines.map((line) => line.trim()).join(' ');

/** `## Title ##` ends in marks that are no text. */
function withoutClosing(title: string): string {
  const text = title.trimEnd();
  let end = text.length;
  while (text[end - 1] === '#') end--;
  return end === 0 || /[ \t]/.test(text[end - 1] ?? '') ? text.slice(0, end).trim() : text;
}

function cellsOf(line: string): readonly (readonly Inline[])[] {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '');
  return inner.split('|', MAX_COLUMNS).map((cell) => readInline(cell.trim()));
}
