import { field, isNode, type SyntaxNode, walk } from './syntax-tree'

/** A program, prepared for questions about what happens to a value in it. */
export interface SyntaxIndex {
  parentOf(node: SyntaxNode): SyntaxNode | undefined
  /** Literals and templates, in the order of the text. */
  readonly strings: readonly SyntaxNode[]
  /** Where else the variable is mentioned that this identifier declares or assigns. */
  referencesTo(identifier: SyntaxNode): SyntaxNode[]
  /** Where a property of this name is read: `x.name`, and `name` in `{ name } = x`, the identifier that is declared. */
  readsOf(name: string): SyntaxNode[]
  /** The value of a variable that is declared once, with `const`. */
  constantOf(identifier: SyntaxNode): SyntaxNode | undefined
}

const FUNCTIONS = /^(?:ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/
const BLOCKS = /^(?:BlockStatement|StaticBlock|For(?:In|Of)?Statement|SwitchStatement|CatchClause)$/
const PATTERNS = /^(?:ObjectPattern|ArrayPattern|RestElement)$/

export const isFunction = ({ type }: SyntaxNode): boolean => FUNCTIONS.test(type)

export function indexProgram(program: SyntaxNode): SyntaxIndex {
  const parents = new Map<SyntaxNode, SyntaxNode>()
  const strings: SyntaxNode[] = []
  const identifiers = new Map<string, SyntaxNode[]>()
  walk(program, (node, ancestors) => {
    const parent = ancestors.at(-1)
    if (parent) parents.set(node, parent)
    if (node.type === 'Identifier') {
      const name = field<string>(node, 'name')
      const known = identifiers.get(name)
      if (known) known.push(node)
      else identifiers.set(name, [node])
    } else if (
      node.type === 'TemplateLiteral' ||
      (node.type === 'Literal' && typeof field(node, 'value') === 'string')
    ) {
      strings.push(node)
    }
  })
  const parentOf = (node: SyntaxNode): SyntaxNode | undefined => parents.get(node)
  const mentionsOf = (name: string): readonly SyntaxNode[] => identifiers.get(name) ?? []

  function nearest(node: SyntaxNode | undefined, isWanted: (node: SyntaxNode) => boolean): SyntaxNode {
    for (let current = node; current; current = parentOf(current)) if (isWanted(current)) return current
    return program
  }
  const blockOf = (node: SyntaxNode | undefined): SyntaxNode => {
    const block = nearest(node, (current) => BLOCKS.test(current.type) || isFunction(current))
    const owner = parentOf(block)
    // A function's parameters and what its body declares are in each other's sight.
    return owner && block.type === 'BlockStatement' && isFunction(owner) ? owner : block
  }

  /** The scope in which an identifier is declared here; `undefined` if this is no declaration. */
  function scopeDeclaredBy(identifier: SyntaxNode): SyntaxNode | undefined {
    let node = identifier
    for (let parent = parentOf(node); parent; node = parent, parent = parentOf(node)) {
      const { type } = parent
      if (type === 'VariableDeclarator') {
        if (field(parent, 'id') !== node) return undefined
        const declaration = parentOf(parent)
        const isVar = declaration !== undefined && field(declaration, 'kind') === 'var'
        return isVar ? nearest(declaration, isFunction) : blockOf(parentOf(declaration ?? parent))
      }
      if (isFunction(parent)) {
        if (field<SyntaxNode[]>(parent, 'params').includes(node)) return parent
        if (field(parent, 'id') !== node) return undefined
        return type === 'FunctionDeclaration' ? blockOf(parentOf(parent)) : parent
      }
      if (type === 'CatchClause') return field(parent, 'param') === node ? parent : undefined
      if (type === 'ClassDeclaration') return field(parent, 'id') === node ? blockOf(parentOf(parent)) : undefined
      if (/^Import(?:Default|Namespace)?Specifier$/.test(type))
        return field(parent, 'local') === node ? program : undefined
      if (type === 'AssignmentPattern') {
        if (field(parent, 'left') !== node) return undefined
      } else if (type === 'Property') {
        const pattern = parentOf(parent)
        if (pattern?.type !== 'ObjectPattern' || field(parent, 'value') !== node) return undefined
      } else if (!PATTERNS.test(type)) {
        return undefined
      }
    }
    return undefined
  }

  const scopes = new Map<string, Map<SyntaxNode, SyntaxNode>>()
  /** Scopes that declare a name, and what declares it there. */
  function scopesOf(name: string): Map<SyntaxNode, SyntaxNode> {
    let known = scopes.get(name)
    if (!known) {
      scopes.set(name, (known = new Map()))
      for (const mention of mentionsOf(name)) {
        const scope = scopeDeclaredBy(mention)
        if (scope && !known.has(scope)) known.set(scope, mention)
      }
    }
    return known
  }

  function scopeOf(identifier: SyntaxNode): SyntaxNode | undefined {
    const declared = scopesOf(field(identifier, 'name'))
    for (let node: SyntaxNode | undefined = identifier; node; node = parentOf(node)) if (declared.has(node)) return node
    return undefined
  }

  function isMention(identifier: SyntaxNode): boolean {
    const parent = parentOf(identifier)
    if (!parent) return false
    if (parent.type === 'MemberExpression') {
      return field(parent, 'object') === identifier || Boolean(field(parent, 'computed'))
    }
    if (/^(?:Property|PropertyDefinition|MethodDefinition)$/.test(parent.type)) {
      return field(parent, 'value') === identifier || Boolean(field(parent, 'computed'))
    }
    return parent.type !== 'LabeledStatement'
  }

  function isWritten(node: SyntaxNode): boolean {
    const parent = parentOf(node)
    return parent?.type === 'AssignmentExpression' && field(parent, 'left') === node
  }

  return {
    parentOf,
    strings,
    referencesTo(identifier) {
      const scope = scopeOf(identifier)
      return mentionsOf(field(identifier, 'name')).filter(
        (mention) =>
          mention !== identifier &&
          isMention(mention) &&
          scopeDeclaredBy(mention) === undefined &&
          scopeOf(mention) === scope &&
          !isWritten(mention),
      )
    },
    readsOf(name) {
      return mentionsOf(name).flatMap((mention) => {
        const parent = parentOf(mention)
        if (
          parent?.type === 'MemberExpression' &&
          field(parent, 'property') === mention &&
          !field(parent, 'computed')
        ) {
          return isWritten(parent) ? [] : [parent]
        }
        if (parent?.type !== 'Property' || field(parent, 'key') !== mention) return []
        if (parentOf(parent)?.type !== 'ObjectPattern') return []
        const value = field<SyntaxNode>(parent, 'value')
        const declared = value.type === 'AssignmentPattern' ? field<SyntaxNode>(value, 'left') : value
        return declared.type === 'Identifier' ? [declared] : []
      })
    },
    constantOf(identifier) {
      const scope = scopeOf(identifier)
      const declared = scope && scopesOf(field(identifier, 'name')).get(scope)
      const declarator = declared && parentOf(declared)
      if (declarator?.type !== 'VariableDeclarator' || field(declarator, 'id') !== declared) return undefined
      const declaration = parentOf(declarator)
      const init = field(declarator, 'init')
      return declaration && field(declaration, 'kind') === 'const' && isNode(init) ? init : undefined
    },
  }
}
