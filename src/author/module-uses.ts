/** How a file uses a module: names that refer to it, and the members used. */
import { type AnyNode, eachNode, keyName, type Program, requiredModule } from './syntax.ts';

export class ModuleUses {
  /** Names that refer to the whole module. */
  readonly #wholes = new Set<string>();
  /** Its members, by their names in the file. */
  readonly #members = new Map<string, string>();
  readonly #specifiers: readonly string[];

  /** @param specifiers the module's names, such as `fs` and `node:fs` */
  constructor(program: Program, specifiers: readonly string[]) {
    this.#specifiers = specifiers;
    eachNode(program, (node) => {
      if (node.type === 'ImportDeclaration') this.#addImport(node);
      else if (node.type === 'VariableDeclarator' && node.init) this.#addDeclaration(node.id, node.init);
    });
  }

  get isEmpty(): boolean {
    return this.#wholes.size === 0 && this.#members.size === 0;
  }

  /** The member that an expression refers to, such as `readFileSync`. */
  memberOf(node: AnyNode): string | undefined {
    if (node.type === 'Identifier') return this.#members.get(node.name);
    // Compilers call imports like this: `(0, fs_1.readFileSync)(…)`.
    if (node.type === 'SequenceExpression') return this.memberOf(node.expressions.at(-1) as AnyNode);
    if (node.type === 'ParenthesizedExpression') return this.memberOf(node.expression);
    if (node.type !== 'MemberExpression' || !this.isModule(node.object)) return undefined;
    return keyName(node.property, node.computed);
  }

  /** Whether an expression refers to the whole module. */
  isModule(node: AnyNode): boolean {
    if (node.type === 'Identifier') return this.#wholes.has(node.name);
    if (this.#specifiers.includes(requiredModule(node) ?? '')) return true;
    // Compilers and bundlers wrap `require`.
    if (node.type === 'CallExpression') return node.arguments.length === 1 && this.#isWrapped(node.arguments[0]);
    if (node.type !== 'MemberExpression' || keyName(node.property, node.computed) !== 'default') return false;
    return this.isModule(node.object);
  }

  /** Whether a name in the file refers to the module or one of its members. */
  isName(name: string): boolean {
    return this.#wholes.has(name) || this.#members.has(name);
  }

  #isWrapped(node: AnyNode | undefined): boolean {
    return node?.type === 'CallExpression' && this.isModule(node);
  }

  #addImport(node: AnyNode & { type: 'ImportDeclaration' }): void {
    if (!this.#specifiers.includes(String(node.source.value))) return;
    for (const specifier of node.specifiers) {
      const imported = specifier.type === 'ImportSpecifier' ? keyName(specifier.imported, false) : 'default';
      if (imported === undefined || imported === 'default') this.#wholes.add(specifier.local.name);
      else this.#members.set(specifier.local.name, imported);
    }
  }

  #addDeclaration(id: AnyNode, init: AnyNode): void {
    if (id.type === 'Identifier') {
      const member = this.memberOf(init);
      if (this.isModule(init)) this.#wholes.add(id.name);
      else if (member !== undefined) this.#members.set(id.name, member);
    }
    if (id.type !== 'ObjectPattern' || !this.isModule(init)) return;
    for (const property of id.properties) {
      if (property.type !== 'Property' || property.value.type !== 'Identifier') continue;
      const name = keyName(property.key, property.computed);
      if (name !== undefined) this.#members.set(property.value.name, name);
    }
  }
}
