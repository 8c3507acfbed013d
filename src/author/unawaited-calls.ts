/** Finds calls of a module whose promises are not awaited. Stays silent where that is unclear. */
import type { ModuleUses } from './module-uses.ts';
import { type AnyNode, eachNode, keyName, type Program } from './syntax.ts';

export interface UnawaitedCall {
  /** For example `exports.run`. */
  readonly name: string;
  readonly offset: number;
}

const promiseMethods = ['then', 'catch', 'finally'];

export function unawaitedCalls(program: Program, uses: ModuleUses): UnawaitedCall[] {
  const calls: { name: string; offset: number; variable: string | undefined }[] = [];
  const awaitedVariables = new Set<string>();
  eachNode(program, (node, ancestors) => {
    if (node.type === 'Identifier' && isAwaited(node, ancestors)) awaitedVariables.add(node.name);
    if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return;
    const [object, method] = [uses.memberOf(node.callee.object), keyName(node.callee.property, node.callee.computed)];
    if (object === undefined || method === undefined || isAwaited(node, ancestors)) return;
    calls.push({ name: `${object}.${method}`, offset: node.start, variable: variableFor(ancestors.at(-1)) });
  });
  return calls.filter(({ variable }) => variable === undefined || !awaitedVariables.has(variable));
}

/** Whether a value is used in a way that suits a promise. */
function isAwaited(node: AnyNode, ancestors: readonly AnyNode[]): boolean {
  const [parent, grandparent] = [ancestors.at(-1), ancestors.at(-2)];
  switch (parent?.type) {
    case 'AwaitExpression':
    case 'YieldExpression':
    case 'ReturnStatement':
    case 'ArrayExpression':
      return true;
    case 'ArrowFunctionExpression':
      return parent.body === node;
    case 'MemberExpression':
      return parent.object === node && promiseMethods.includes(keyName(parent.property, parent.computed) ?? '');
    case 'CallExpression':
      return parent.callee !== node && takesPromises(parent.callee);
    case 'ConditionalExpression':
    case 'LogicalExpression':
    case 'ParenthesizedExpression':
      return grandparent !== undefined && isAwaited(parent, ancestors.slice(0, -1));
    default:
      return false;
  }
}

const valueFunctions = /^(?:callback|cb|done|next|String|Number|Boolean)$/;
const valueObjects = /^(?:JSON|Object|console)$/;

/** False for functions known to need values, such as `JSON.stringify` or `callback`. */
function takesPromises(callee: AnyNode): boolean {
  if (callee.type === 'Identifier') return !valueFunctions.test(callee.name);
  if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return true;
  return !valueObjects.test(callee.object.name);
}

function variableFor(parent: AnyNode | undefined): string | undefined {
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id.name;
  if (parent?.type === 'AssignmentExpression' && parent.left.type === 'Identifier') return parent.left.name;
  return undefined;
}
