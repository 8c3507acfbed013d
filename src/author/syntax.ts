/** Parses an author's JavaScript, for static analysis. */
import { type AnyNode, type CallExpression, type Expression, type Node, type Program, parse } from 'acorn';
import { fullAncestor } from 'acorn-walk';

export type { AnyNode, Program } from 'acorn';

const options = {
  ecmaVersion: 'latest',
  allowReturnOutsideFunction: true,
  allowAwaitOutsideFunction: true,
  allowHashBang: true,
} as const;

/** @returns undefined if it is not plain JavaScript, such as JSX, or nests so deep that it cannot be walked */
export function parseSource(text: string): Program | undefined {
  // Sloppy code, as in old CommonJS files, is not a valid module.
  for (const sourceType of ['module', 'script'] as const) {
    try {
      const program = parse(text, { ...options, sourceType });
      fullAncestor(program, () => {});
      return program;
    } catch (error) {
      // A RangeError means that the stack overflowed.
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    }
  }
  return undefined;
}

/** Visits every node, children first. @param visit gets the node's ancestors, outermost first, without the node */
export function eachNode(program: Program, visit: (node: AnyNode, ancestors: readonly AnyNode[]) => void): void {
  const seen = new Set<Node>();
  fullAncestor(program, (node, _state, ancestors) => {
    // The walker visits some nodes twice, under different types.
    if (seen.has(node)) return;
    seen.add(node);
    visit(node as AnyNode, (ancestors as AnyNode[]).slice(0, -1));
  });
}

/** The text of a literal, or of a template without expressions. */
export function literalText(node: AnyNode | null | undefined): string | undefined {
  if (node?.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node?.type !== 'TemplateLiteral' || node.expressions.length > 0) return undefined;
  return node.quasis[0]?.value.cooked ?? undefined;
}

/** The key of a member expression, or of a property of an object or a pattern. */
export function keyName(key: AnyNode, isComputed: boolean): string | undefined {
  if (key.type === 'Identifier' && !isComputed) return key.name;
  return literalText(key);
}

/** Returns `fs` for `require('fs')`. */
export function requiredModule(node: AnyNode): string | undefined {
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'require') {
    return undefined;
  }
  return literalText(node.arguments[0]);
}

/** 1-based; the column in characters. */
export function lineAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** An argument of a call; undefined if it is missing or spread. */
export function argumentOf(
  { arguments: given }: Pick<CallExpression, 'arguments'>,
  index: number,
): Expression | undefined {
  const before = given.slice(0, index + 1);
  const found = before[index];
  return before.some(({ type }) => type === 'SpreadElement') || found?.type === 'SpreadElement' ? undefined : found;
}
