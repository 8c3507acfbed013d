/** Finds environment variables that an author's code reads. */
import { type AnyNode, eachNode, keyName, type Program } from './syntax.ts';

/** The bundler replaces it. */
const KNOWN = 'NODE_ENV';

/** @returns offsets of the first use of each, by name */
export function environmentUses(program: Program): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  eachNode(program, (node) => {
    if (node.type !== 'MemberExpression' || !isEnvironment(node.object)) return;
    const name = keyName(node.property, node.computed);
    if (name !== undefined && name !== KNOWN && !found.has(name)) found.set(name, node.start);
  });
  return found;
}

function isEnvironment(node: AnyNode): boolean {
  if (node.type !== 'MemberExpression' || keyName(node.property, node.computed) !== 'env') return false;
  return node.object.type === 'Identifier' && node.object.name === 'process';
}
