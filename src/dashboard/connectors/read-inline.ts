/**
 * Reads a line of Markdown: emphasis, code and links, as far as a README needs them. The text is a stranger's: nothing
 * becomes HTML, images become their description, and only http and https are links. Pure, and linear in the text's length.
 */
import { safeLink } from '../form/safe-link.ts';

export type Inline =
  | string
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'em'; readonly parts: readonly Inline[] }
  | { readonly kind: 'link'; readonly href: string; readonly parts: readonly Inline[] };

/** Emphasis within emphasis. */
const MAX_DEPTH = 3;
// Labels, addresses and emphasized passages are bounded, so that each attempt is short.
const PLAIN = /[^\\`![<*_h]+/y;
const ESCAPE = /\\([\\`*_{}[\]()#+\-.!|<>~])/y;
const CODE = /`+/y;
const IMAGE = /!\[([^[\]]{0,500})\]\([^()\s]{0,2000}(?:\s+"[^"]{0,500}")?\)/y;
const LINKED_IMAGE = /\[!\[([^[\]]{0,500})\]\([^()\s]{0,2000}\)\]\(([^()\s]{0,2000})\)/y;
const LINK = /\[([^[\]]{1,500})\]\(<?([^()\s<>]{0,2000})>?(?:\s+"[^"]{0,500}")?\)/y;
const AUTOLINK = /<(https?:\/\/[^\s<>]{1,2000})>/y;
const ADDRESS = /https?:\/\/[^\s<>()[\]"'`]{1,2000}/y;
const STRONG = /\*\*([^*\s](?:[^*]{0,500}))\*\*|__([^_\s](?:[^_]{0,500}))__/y;
const EM = /\*([^*\s](?:[^*]{0,500}))\*|_([^_\s](?:[^_]{0,500}))_(?![A-Za-z0-9])/y;

export function readInline(text: string, depth = 0): readonly Inline[] {
  const parts: Inline[] = [];
  let at = 0;
  const add = (part: Inline): void => {
    const last = parts.at(-1);
    if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
    else parts.push(part);
  };
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at += match[0].length;
    return match;
  };
  const unclosed = new Set<string>();
  while (at < text.length) {
    const plain = take(PLAIN);
    if (plain) {
      add(plain[0]);
      continue;
    }
    const before = text[at - 1] ?? ' ';
    const found = oneOf(text[at] as string, take, before, depth);
    if (found !== undefined) {
      add(found);
      continue;
    }
    const ticks = take(CODE)?.[0];
    if (ticks === undefined) {
      add(text[at++] as string);
      continue;
    }
    // A missing end is looked for once.
    const end = unclosed.has(ticks) ? -1 : text.indexOf(ticks, at);
    if (end < 0) {
      unclosed.add(ticks);
      add(ticks);
      continue;
    }
    add({ kind: 'code', text: text.slice(at, end).trim() });
    at = end + ticks.length;
  }
  return parts;
}

type Take = (pattern: RegExp) => RegExpExecArray | null;

function oneOf(first: string, take: Take, before: string, depth: number): Inline | undefined {
  switch (first) {
    case '\\':
      return take(ESCAPE)?.[1];
    case '!':
      return take(IMAGE)?.[1];
    case '<':
      return linkOf(take(AUTOLINK)?.[1]);
    case 'h':
      return /\w/.test(before) ? undefined : linkOf(take(ADDRESS)?.[0]);
    case '[': {
      const image = take(LINKED_IMAGE);
      const [, label = '', address = ''] = image ?? take(LINK) ?? [];
      return label === '' ? undefined : linkOf(address, image ? [label] : readInline(label, MAX_DEPTH));
    }
    case '*':
    case '_': {
      if (depth >= MAX_DEPTH || (first === '_' && /\w/.test(before))) return undefined;
      const strong = take(STRONG);
      const match = strong ?? take(EM);
      const inner = match?.[1] ?? match?.[2];
      if (inner === undefined) return undefined;
      return { kind: strong ? 'strong' : 'em', parts: readInline(inner, depth + 1) };
    }
    default:
      return undefined;
  }
}

/** Another scheme than http and https, or a path in the bundle, leads nowhere: its label stays. */
function linkOf(address: string | undefined, parts?: readonly Inline[]): Inline | undefined {
  if (address === undefined) return undefined;
  const href = safeLink(address);
  const shown = parts ?? [address];
  if (href !== undefined) return { kind: 'link', href, parts: shown.map(withoutLinks) };
  return shown.map(textOf).join('');
}

/** A link cannot be in a link. */
const withoutLinks = (part: Inline): Inline => (typeof part === 'object' && part.kind === 'link' ? textOf(part) : part);

const textOf = (part: Inline): string => {
  if (typeof part === 'string') return part;
  return part.kind === 'code' ? part.text : part.parts.map(textOf).join('');
};
