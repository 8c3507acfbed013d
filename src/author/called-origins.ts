/** Finds origins in an author's code and data, such as `https://*.example.com` in `https://${shop}.example.com/`. */
import { isOriginPattern } from '../broker/origin-permissions.ts';
import { platformOrigins } from '../broker/platform-api.ts';
import type { StaticTexts } from './static-texts.ts';
import { type AnyNode, eachNode, keyName, type Program } from './syntax.ts';

export interface CalledOrigins {
  readonly origins: ReadonlySet<string>;
  /** Offsets of addresses whose host is only known at run time. */
  readonly unknownHosts: readonly number[];
}

/** Placeholder for a part that is only known at run time. */
const UNKNOWN = '\0';

/** Names of addresses that people open, and of identifiers that look like addresses. */
const notCalled =
  /image|icon|logo|help|doc|install_?ur|link|descr|readme|home|schema|xmlns|namespace|redirect|callback/i;
const isNamespace = /^https?:\/\/(?:www\.w3\.org|schemas\.[^/]+|json-schema\.org)/;

export function originsInCode(program: Program, texts: StaticTexts): CalledOrigins {
  const origins = new Set<string>();
  const unknownHosts: number[] = [];
  eachNode(program, (node, ancestors) => {
    const parent = ancestors.at(-1);
    const isText = node.type === 'Literal' || node.type === 'TemplateLiteral' || isSum(node);
    // Sums and templates are handled as a whole.
    if (!isText || (parent && isSum(parent)) || parent?.type === 'TemplateLiteral') return;
    if (ancestors.some((each) => notCalled.test(nameOf(each)))) return;
    const found = originOf(partsOf(node, texts));
    if (found === 'unknown') unknownHosts.push(node.start);
    else if (found !== undefined) origins.add(found);
  });
  return { origins, unknownHosts };
}

export function originsInJson(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value === 'string') {
    const origin = originOf(value.replaceAll(/\{\{.*?\}\}/g, UNKNOWN));
    if (origin !== undefined && origin !== 'unknown') found.add(origin);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) if (!notCalled.test(key)) originsInJson(inner, found);
  }
  return found;
}

const isSum = (node: AnyNode): boolean => node.type === 'BinaryExpression' && node.operator === '+';

function nameOf(node: AnyNode): string {
  if (node.type === 'Property') return keyName(node.key, node.computed) ?? '';
  if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') return node.id.name;
  return '';
}

/** @param node may be a sum of sums */
function partsOf(node: AnyNode, texts: StaticTexts): string {
  if (node.type === 'BinaryExpression' && isSum(node)) return partsOf(node.left, texts) + partsOf(node.right, texts);
  if (node.type === 'TemplateLiteral') {
    return node.quasis
      .map(
        ({ value }, i) => (value.cooked ?? UNKNOWN) + (node.expressions[i] ? partsOf(node.expressions[i], texts) : ''),
      )
      .join('');
  }
  return texts.constantText(node) ?? UNKNOWN;
}

function originOf(text: string): string | undefined {
  const [, scheme, authority = '', rest] = /^(https?:\/\/)([^/?#]*)(.?)/.exec(text) ?? [];
  if (scheme === undefined || isNamespace.test(text)) return undefined;
  // `'https://api.example.com' + path`: the path presumably begins with a slash.
  const host = rest === '' && /[a-z0-9]\0$/i.test(authority) ? authority.slice(0, -1) : authority;
  const pattern = `${scheme}${host.replace(/^\0+(?=\.[a-z0-9-]+\.)/i, '*')}`.toLowerCase();
  if (host === '' || host.includes('@')) return undefined;
  if (pattern.includes(UNKNOWN) || !isOriginPattern(pattern)) return host.includes(UNKNOWN) ? 'unknown' : undefined;
  return platformOrigins.includes(pattern) ? undefined : pattern;
}
