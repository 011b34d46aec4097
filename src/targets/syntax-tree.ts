/**
 * A node of an ESTree program, whichever parser made it: Vite's and webpack's give what they have at hand anyway.
 *
 * @see https://github.com/estree/estree
 */
export interface SyntaxNode {
  type: string
  start: number
  end: number
}

/** The nodes around one, the program first and its parent last. */
export type Ancestors = readonly SyntaxNode[]

/** A field of a node, of which only its reader knows what it holds. */
export function field<T = unknown>(node: SyntaxNode, name: string): T {
  return (node as unknown as Record<string, T>)[name] as T
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string'
}

/** Calls back for every node, outer ones first. What is kept of `ancestors` has to be copied. */
export function walk(root: SyntaxNode, visit: (node: SyntaxNode, ancestors: Ancestors) => void): void {
  const ancestors: SyntaxNode[] = []
  const enter = (node: SyntaxNode): void => {
    visit(node, ancestors)
    ancestors.push(node)
    for (const key in node) {
      const value = field(node, key)
      if (typeof value !== 'object' || value === null) continue
      if (Array.isArray(value)) {
        for (const item of value) if (isNode(item)) enter(item)
      } else if (isNode(value)) {
        enter(value)
      }
    }
    ancestors.pop()
  }
  enter(root)
}

/** The name that a node is, or ends with: `axios`, `api.get`, `this.#http`, `['get']`. */
export function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  switch (node.type) {
    case 'Identifier':
    case 'PrivateIdentifier':
    case 'JSXIdentifier':
      return field<string>(node, 'name')
    case 'Literal': {
      const value = field(node, 'value')
      return typeof value === 'string' ? value : undefined
    }
    case 'MemberExpression': {
      const property = field<SyntaxNode>(node, 'property')
      return field(node, 'computed') && property.type !== 'Literal' ? undefined : nameOf(property)
    }
    case 'JSXMemberExpression':
      return nameOf(field(node, 'property'))
    case 'JSXNamespacedName':
      return `${nameOf(field(node, 'namespace'))}:${nameOf(field(node, 'name'))}`
    case 'ChainExpression':
    case 'TSNonNullExpression':
    case 'ParenthesizedExpression':
      return nameOf(field(node, 'expression'))
    case 'ThisExpression':
      return 'this'
    case 'Super':
      return 'super'
    case 'SequenceExpression':
      // `(0, axios.get)(…)`, as compilers write calls of imports.
      return nameOf(field<SyntaxNode[]>(node, 'expressions').at(-1))
    case 'CallExpression':
      return nameOf(field(node, 'callee'))
    default:
      return undefined
  }
}

/** The names of a member chain from the outside in: `this.http.get` → `this`, `http`, `get`. */
export function chainOf(node: unknown): string[] {
  if (!isNode(node)) return []
  if (node.type === 'SequenceExpression') return chainOf(field<SyntaxNode[]>(node, 'expressions').at(-1))
  if (node.type === 'ChainExpression' || node.type === 'ParenthesizedExpression') {
    return chainOf(field(node, 'expression'))
  }
  if (node.type === 'CallExpression') return chainOf(field(node, 'callee'))
  const name = nameOf(node)
  const outer = node.type === 'MemberExpression' ? chainOf(field(node, 'object')) : []
  return name === undefined ? outer : [...outer, name]
}
