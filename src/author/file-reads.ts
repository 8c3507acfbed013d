/** Finds the files that a source file reads with `fs`, if their paths are known at build time. */
import * as path from 'node:path';
import { posix } from 'node:path';
import { ModuleUses } from './module-uses.ts';
import { filePath, type Place, StaticTexts } from './static-texts.ts';
import { type AnyNode, argumentOf, eachNode, keyName, literalText, type Program } from './syntax.ts';

const readers = ['readFileSync', 'readFile', 'existsSync', 'readdirSync'] as const;
export type Reader = (typeof readers)[number];

export interface FileRead {
  readonly reader: Reader;
  /** Offset in the source. */
  readonly offset: number;
  /** Absolute; undefined if it is only known at run time. */
  readonly path: string | undefined;
  /** The path in the bundle, where all files are in `/`. */
  readonly bundlePath: string;
  /** Whether the call reads bytes instead of text. */
  readonly wantsBytes: boolean;
}

export interface FileReads {
  readonly reads: readonly FileRead[];
  /** Whether `fs` is used for more than `reads`. */
  readonly hasOthers: boolean;
}

const inBundle: Place = { filename: '/index.js', cwd: '/', path: posix };

/** @param filename absolute @param cwd base of relative paths */
export function fileReads(program: Program, filename: string, cwd: string): FileReads {
  const uses = new ModuleUses(program, ['fs', 'node:fs']);
  const texts = new StaticTexts(program);
  const place: Place = { filename, cwd, path };
  const reads: FileRead[] = [];
  let mentions = 0;
  eachNode(program, (node, ancestors) => {
    if (isMention(node, ancestors, uses)) mentions++;
    if (node.type !== 'CallExpression') return;
    const reader = readers.find((name) => name === uses.memberOf(node.callee));
    if (!reader) return;
    const given = argumentOf(node, 0);
    const [real, bundled] = [place, inBundle].map((at) => {
      const text = texts.textOf(given, at);
      return text === undefined ? undefined : filePath(text, at.path);
    });
    reads.push({
      reader,
      offset: node.start,
      path: real === undefined ? undefined : path.resolve(cwd, real),
      bundlePath: posix.resolve('/', bundled ?? ''),
      wantsBytes: reader.startsWith('readFile') && !isUtf8(argumentOf(node, 1)),
    });
  });
  return { reads, hasOthers: mentions > reads.length };
}

/** Whether the options of a read ask for UTF-8 text. */
function isUtf8(node: AnyNode | undefined): boolean {
  if (node?.type !== 'ObjectExpression') return /^utf-?8$/i.test(literalText(node) ?? '');
  return node.properties.some(
    (each) => each.type === 'Property' && keyName(each.key, each.computed) === 'encoding' && isUtf8(each.value),
  );
}

/** Whether a node uses the module or one of its members. Declarations do not count. */
function isMention(node: AnyNode, ancestors: readonly AnyNode[], uses: ModuleUses): boolean {
  const parent = ancestors.at(-1);
  if (node.type === 'CallExpression' && uses.isModule(node)) return parent?.type === 'MemberExpression';
  if (node.type !== 'Identifier' || !uses.isName(node.name) || !parent) return false;
  if (parent.type === 'MemberExpression') return parent.object === node || parent.computed;
  return ![
    'ImportSpecifier',
    'ImportDefaultSpecifier',
    'ImportNamespaceSpecifier',
    'VariableDeclarator',
    'Property',
  ].includes(parent.type);
}
