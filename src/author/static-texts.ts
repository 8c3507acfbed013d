/** Evaluates expressions whose text is known at build time, such as `path.join(__dirname, 'orders.json')`. */
import { posix, win32 } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ModuleUses } from './module-uses.ts';
import { type AnyNode, argumentOf, eachNode, keyName, literalText, type Program } from './syntax.ts';

/** The assumed location of the file. */
export interface Place {
  readonly filename: string;
  /** The working directory. */
  readonly cwd: string;
  readonly path: typeof posix | typeof win32;
}

const pathFunctions = ['join', 'resolve', 'normalize', 'dirname', 'basename'] as const;
type PathFunction = (typeof pathFunctions)[number];
const isPathFunction = (name: string | undefined): name is PathFunction =>
  pathFunctions.some((known) => known === name);

/** For texts that are not paths. */
const nowhere: Place = { filename: '/index.js', cwd: '/', path: posix };

/** Depth of expressions that refer to each other. */
const MAX_DEPTH = 50;

export class StaticTexts {
  /** Variables with one value throughout. */
  readonly #constants: ReadonlyMap<string, AnyNode>;
  readonly #path: ModuleUses;
  readonly #url: ModuleUses;

  constructor(program: Program) {
    this.#constants = constantsIn(program);
    this.#path = new ModuleUses(program, ['path', 'node:path']);
    this.#url = new ModuleUses(program, ['url', 'node:url']);
  }

  /** @returns undefined if it is not known at build time */
  textOf(node: AnyNode | undefined, place: Place, depth = 0): string | undefined {
    if (!node || depth > MAX_DEPTH) return undefined;
    const next = (inner: AnyNode): string | undefined => this.textOf(inner, place, depth + 1);
    const literal = literalText(node);
    if (literal !== undefined) return literal;
    switch (node.type) {
      case 'Identifier':
        return this.#variable(node.name, place, depth);
      case 'ParenthesizedExpression':
        return next(node.expression);
      case 'TemplateLiteral':
        return joined(
          node.quasis.flatMap(({ value }, i) => [
            value.cooked ?? undefined,
            ...node.expressions.slice(i, i + 1).map(next),
          ]),
        );
      case 'BinaryExpression':
        return node.operator === '+' && node.left.type !== 'PrivateIdentifier'
          ? joined([next(node.left), next(node.right)])
          : undefined;
      case 'MemberExpression':
        return this.#member(node, place);
      case 'CallExpression':
        return this.#call(node, place, next);
      case 'NewExpression':
        return isGlobal(node.callee, 'URL') ? address(node.arguments.map((each) => next(each))) : undefined;
      default:
        return undefined;
    }
  }

  /** A text that does not depend on the file's location. */
  constantText(node: AnyNode): string | undefined {
    return this.textOf(node, nowhere);
  }

  #variable(name: string, place: Place, depth: number): string | undefined {
    const value = this.#constants.get(name);
    if (value) return this.textOf(value, place, depth + 1);
    if (name === '__filename') return place.filename;
    return name === '__dirname' ? place.path.dirname(place.filename) : undefined;
  }

  #member(node: AnyNode & { type: 'MemberExpression' }, { filename, path }: Place): string | undefined {
    const name = keyName(node.property, node.computed);
    if (this.#path.memberOf(node) === 'sep') return path.sep;
    if (node.object.type !== 'MetaProperty') return undefined;
    if (name === 'url') return pathToFileURL(filename, { windows: path === win32 }).href;
    if (name === 'filename') return filename;
    return name === 'dirname' ? path.dirname(filename) : undefined;
  }

  #call(
    node: AnyNode & { type: 'CallExpression' },
    { cwd, path }: Place,
    next: (inner: AnyNode) => string | undefined,
  ): string | undefined {
    const { callee } = node;
    if (callee.type === 'Super') return undefined;
    const isCwd =
      callee.type === 'MemberExpression' &&
      isGlobal(callee.object, 'process') &&
      keyName(callee.property, callee.computed) === 'cwd';
    if (isCwd) return cwd;
    const given = node.arguments.map((_, i) => argumentOf(node, i)).map((each) => each && next(each));
    if (!given.every((text) => text !== undefined)) return undefined;
    const [first = '', second] = given;
    if (this.#url.memberOf(callee) === 'fileURLToPath') return filePath(first, path);
    const name = this.#path.memberOf(callee);
    if (!isPathFunction(name)) return undefined;
    if (name === 'resolve') return path.resolve(cwd, ...given);
    if (name === 'basename') return path.basename(first, second);
    return name === 'join' ? path.join(...given) : path[name](first);
  }
}

const joined = (parts: readonly (string | undefined)[]): string | undefined =>
  parts.every((part) => part !== undefined) ? parts.join('') : undefined;

const isGlobal = (node: AnyNode, name: string): boolean => node.type === 'Identifier' && node.name === name;

const address = ([relative, base]: readonly (string | undefined)[]): string | undefined =>
  relative === undefined || base === undefined ? undefined : URL.parse(relative, base)?.href;

/** Converts a `file:` address to a path; returns any other text unchanged. */
export function filePath(text: string, path: Place['path']): string | undefined {
  if (!text.startsWith('file:')) return text;
  try {
    return fileURLToPath(text, { windows: path === win32 });
  } catch {
    return undefined;
  }
}

/** Names that are declared once in a file, with a value, and never reassigned. */
function constantsIn(program: Program): ReadonlyMap<string, AnyNode> {
  const values = new Map<string, AnyNode>();
  const others = new Set<string>();
  const declare = (node: AnyNode | null | undefined): void => {
    for (const name of namesIn(node)) others.add(name);
  };
  eachNode(program, (node) => {
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.init && !values.has(node.id.name)) {
      values.set(node.id.name, node.init);
    } else if (node.type === 'VariableDeclarator') declare(node.id);
    else if (node.type === 'AssignmentExpression') declare(node.left);
    else if (node.type === 'UpdateExpression') declare(node.argument);
    else if (node.type === 'CatchClause') declare(node.param);
    else if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') declare(loopVariable(node.left));
    else if ('params' in node) node.params.forEach(declare);
  });
  return new Map([...values].filter(([name]) => !others.has(name)));
}

const loopVariable = (node: AnyNode): AnyNode | undefined =>
  node.type === 'VariableDeclaration' ? (node.declarations[0]?.id as AnyNode | undefined) : node;

/** Names that a pattern binds. */
function namesIn(node: AnyNode | null | undefined): string[] {
  if (!node) return [];
  if (node.type === 'Identifier') return [node.name];
  if (node.type === 'AssignmentPattern') return namesIn(node.left);
  if (node.type === 'RestElement') return namesIn(node.argument);
  if (node.type === 'ArrayPattern') return node.elements.flatMap(namesIn);
  if (node.type !== 'ObjectPattern') return [];
  return node.properties.flatMap((each) => namesIn(each.type === 'Property' ? each.value : each.argument));
}
