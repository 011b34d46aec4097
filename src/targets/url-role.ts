import { calleeHintOf, hintOf, wordsOf } from './name-words'
import { isFunction, type SyntaxIndex } from './syntax-index'
import { chainOf, field, isNode, nameOf, type SyntaxNode } from './syntax-tree'

/** What a program does with a URL, as a number: above 0 it calls it, below it does something else with it. */
export interface Role {
  score: number
  /** What it is called by or stands under, for messages: `fetch(…)`, `API_URL`. */
  name: string | undefined
}

/** It is the argument of a call that goes out. */
const CALLED = 10
/** It is compared, shown, opened, loaded as a script. */
const USED = -10
/** Its name says so. */
const NAMED = 3
const NAMED_OTHERWISE = -5

const UNKNOWN: Role = { score: 0, name: undefined }
const OTHER_USE: Role = { score: USED, name: undefined }

/** Names of properties that every second object has: who reads one need not have it from here. */
const COMMON =
  /^(?:.{1,3}|href|link|path|name|type|value|data|base|host|root|http|https|default|options|config|source|target|label|title|image|text)$/

const ELEMENT_FACTORY =
  /^_?(?:jsxs?|jsxDEV|jsxs?DEV|createElement|cloneElement|createVNode|createElementVNode|createBlock|createElementBlock|h|hydrate)$/
const REQUEST_OPTIONS = new Set([
  'method',
  'headers',
  'body',
  'params',
  'datatype',
  'credentials',
  'withcredentials',
  'timeout',
])
/** What gives back the string, or one that begins with it. */
const PASSING_METHODS =
  /^(?:concat|replace|replaceAll|trim|trimEnd|toString|href|origin|toLowerCase|value|current|at|flat)$/
const COMPARISONS = /^(?:[=!]==?|in|instanceof|[<>]=?)$/

/**
 * Follows the value of an expression through a program to where it is used, as far as that can be told without running
 * it: through concatenation, variables, properties, arguments of helpers.
 */
export function roleOf(url: SyntaxNode, index: SyntaxIndex): Role {
  const { parentOf } = index
  const seen = new Set<SyntaxNode>()

  function follow(node: SyntaxNode): Role {
    const parent = parentOf(node)
    if (!parent || seen.has(node) || seen.size > 400) return UNKNOWN
    seen.add(node)
    switch (parent.type) {
      case 'TemplateLiteral':
        return isFirstOf(parent, node) && !isTagged(parent) ? follow(parent) : OTHER_USE
      case 'BinaryExpression': {
        const operator = field<string>(parent, 'operator')
        // Who compares a variable may still call it elsewhere; what is only compared is not called.
        if (COMPARISONS.test(operator)) return node.type === 'Identifier' ? UNKNOWN : OTHER_USE
        return operator === '+' && field(parent, 'left') === node ? follow(parent) : OTHER_USE
      }
      case 'ConditionalExpression':
        return field(parent, 'test') === node ? UNKNOWN : follow(parent)
      case 'LogicalExpression':
      case 'ParenthesizedExpression':
      case 'ChainExpression':
      case 'AwaitExpression':
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
      case 'JSXExpressionContainer':
      case 'SpreadElement':
        return follow(parent)
      case 'SequenceExpression':
        return field<SyntaxNode[]>(parent, 'expressions').at(-1) === node ? follow(parent) : UNKNOWN
      case 'ArrayExpression':
        return follow(parent)
      case 'VariableDeclarator':
        return field(parent, 'init') === node ? ofBinding(field(parent, 'id')) : UNKNOWN
      case 'AssignmentPattern':
        return field(parent, 'right') === node ? ofBinding(field(parent, 'left')) : UNKNOWN
      case 'AssignmentExpression':
        if (field(parent, 'right') !== node) return UNKNOWN
        return isStatement(parent)
          ? ofAssignment(field(parent, 'left'))
          : best([ofAssignment(field(parent, 'left')), follow(parent)])
      case 'PropertyDefinition':
      case 'AccessorProperty':
        return field(parent, 'value') === node ? ofProperty(nameOf(field(parent, 'key'))) : UNKNOWN
      case 'Property':
        return field(parent, 'value') === node ? ofEntry(parent) : UNKNOWN
      case 'ReturnStatement':
      case 'YieldExpression':
        return ofResult(enclosingFunction(parent))
      case 'ArrowFunctionExpression':
        return field(parent, 'body') === node ? ofResult(parent) : UNKNOWN
      case 'MemberExpression':
        return field(parent, 'object') === node ? ofMember(parent) : UNKNOWN
      case 'CallExpression':
      case 'NewExpression':
        return field(parent, 'callee') === node ? UNKNOWN : ofArgument(parent, node)
      case 'JSXAttribute':
        return ofAttribute(elementOf(parentOf(parent)), nameOf(field(parent, 'name')) ?? '')
      case 'ExpressionStatement':
        return node === url ? OTHER_USE : UNKNOWN
      case 'ExportDefaultDeclaration':
        return UNKNOWN
      default:
        return OTHER_USE
    }
  }

  const isStatement = (node: SyntaxNode): boolean => parentOf(node)?.type === 'ExpressionStatement'

  const ofName = (name: string | undefined): Role => {
    const hint = name === undefined ? undefined : hintOf(name)
    const score = hint === 'called' ? NAMED : hint === 'not-called' ? NAMED_OTHERWISE : 0
    return { score, name }
  }

  function ofBinding(target: unknown): Role {
    if (!isNode(target)) return UNKNOWN
    if (target.type === 'ArrayPattern') {
      // `const [url, setUrl] = useState('https://…')`
      return ofBinding(field<unknown[]>(target, 'elements')[0])
    }
    if (target.type === 'AssignmentPattern') return ofBinding(field(target, 'left'))
    if (target.type !== 'Identifier') return UNKNOWN
    const name = field<string>(target, 'name')
    if (name === 'location') return OTHER_USE
    return ofUses(name, index.referencesTo(target).map(follow))
  }

  /** What all uses of a name together say; where they say nothing, the name does. */
  function ofUses(name: string | undefined, uses: readonly Role[]): Role {
    const named = ofName(name)
    const strongest = best(uses)
    if (strongest.score >= CALLED) return { score: strongest.score, name: name ?? strongest.name }
    if (uses.length === 0) return named
    if (uses.every(({ score }) => score <= NAMED_OTHERWISE)) return { score: USED, name }
    return strongest.score > 0 ? { score: Math.max(strongest.score, named.score), name } : named
  }

  /** A property that others may read, by whatever way they have come to the object. */
  function ofProperty(name: string | undefined): Role {
    if (name === undefined) return UNKNOWN
    const reads = readsOf(name).map((read) => (read.type === 'Identifier' ? ofBinding(read) : follow(read)))
    const strongest = best(reads)
    const named = ofName(name)
    // Others may read it elsewhere: those who don't call it prove nothing.
    return strongest.score > 0 ? { score: Math.max(strongest.score, named.score), name } : named
  }

  /** Where a property is read; of a name that many objects have, only where it is the object's own. */
  function readsOf(name: string): SyntaxNode[] {
    const reads = index.readsOf(name)
    if (!COMMON.test(name)) return reads
    return reads.filter(
      (read) => read.type === 'MemberExpression' && field<SyntaxNode>(read, 'object').type === 'ThisExpression',
    )
  }

  function ofAssignment(target: SyntaxNode): Role {
    if (target.type === 'Identifier') return ofBinding(target)
    const name = nameOf(target)
    const owner = chainOf(field(target, 'object')).at(-1) ?? ''
    if (/^location$/i.test(owner) || name === 'location') return OTHER_USE
    return target.type === 'MemberExpression' ? ofProperty(name) : UNKNOWN
  }

  /** An entry of an object: by its own key, by what stands beside it, by where the object goes. */
  function ofEntry(entry: SyntaxNode): Role {
    const object = parentOf(entry)
    const key = nameOf(field(entry, 'key'))
    if (!object || field(entry, 'computed')) return UNKNOWN
    const element = elementMadeWith(object)
    if (element) return ofAttribute(element, key ?? '')
    const own = ofProperty(key)
    if (own.score !== 0) return own
    const isUrl = key !== undefined && hintOf(key) === 'url'
    const siblings = field<SyntaxNode[]>(object, 'properties').map((sibling) =>
      nameOf(field(sibling, 'key'))?.toLowerCase(),
    )
    if (isUrl && siblings.some((name) => name !== undefined && REQUEST_OPTIONS.has(name)))
      return { score: CALLED, name: key }
    const outer = follow(object)
    return { score: outer.score, name: key ?? outer.name }
  }

  function ofResult(made: SyntaxNode | undefined): Role {
    if (!made) return UNKNOWN
    const holder = parentOf(made)
    const id = field(made, 'id')
    if (isNode(id)) return ofCalls(id)
    switch (holder?.type) {
      case 'VariableDeclarator':
        return ofCalls(field(holder, 'id'))
      case 'MethodDefinition':
      case 'PropertyDefinition':
      case 'Property': {
        const name = nameOf(field(holder, 'key'))
        const reads = name === undefined ? [] : readsOf(name)
        const isGetter = field(holder, 'kind') === 'get'
        const called = best(reads.flatMap((read) => (isGetter ? follow(read) : callOf(read).map(follow))))
        return called.score >= CALLED ? { score: called.score, name } : ofName(name)
      }
      case 'AssignmentExpression':
        return ofName(nameOf(field(holder, 'left')))
      case 'CallExpression':
        // `computed(() => 'https://…')`, `useMemo(() => …, [])`
        return calleeHintOf(chainOf(field(holder, 'callee')), 0, false) === 'passes' ? follow(holder) : UNKNOWN
      default:
        return UNKNOWN
    }
  }

  function ofCalls(id: unknown): Role {
    if (!isNode(id) || id.type !== 'Identifier') return UNKNOWN
    const calls = index.referencesTo(id).flatMap(callOf)
    return ofUses(field(id, 'name'), calls.map(follow))
  }

  const callOf = (callee: SyntaxNode): SyntaxNode[] => {
    const call = parentOf(callee)
    return call?.type === 'CallExpression' && field(call, 'callee') === callee ? [call] : []
  }

  function ofMember(member: SyntaxNode): Role {
    const [call] = callOf(member)
    const name = nameOf(member)
    // `urls[0]`, `servers[index]`, `BASES.production`: parts of what was followed here.
    if (field(member, 'computed') && name === undefined) return call ? UNKNOWN : follow(member)
    if (name !== undefined && PASSING_METHODS.test(name)) return follow(call ?? member)
    if (!call) return /^(?:length|protocol|hash|search|searchParams)$/.test(name ?? '') ? UNKNOWN : follow(member)
    const hint = calleeHintOf([name ?? ''], 0, false)
    return hint === 'uses' ? OTHER_USE : UNKNOWN
  }

  function ofArgument(call: SyntaxNode, node: SyntaxNode): Role {
    const chain = chainOf(field(call, 'callee'))
    const args = field<SyntaxNode[]>(call, 'arguments')
    const position = args.indexOf(node)
    const callee = chain.at(-1) ?? ''
    const name = callee === '' ? undefined : `${chain.slice(-2).join('.')}(…)`
    if (field<SyntaxNode>(call, 'callee').type === 'ImportExpression') return OTHER_USE
    if (ELEMENT_FACTORY.test(callee)) return node.type === 'ObjectExpression' ? UNKNOWN : OTHER_USE

    // `set_attribute(node, 'href', url)`, `prop($$props, 'apiUrl', 8, url)`
    const before = args.slice(0, position).map((arg) => (arg.type === 'Literal' ? field(arg, 'value') : undefined))
    const attribute = before.find((value) => typeof value === 'string')
    if (typeof attribute === 'string' && /attr|prop/i.test(callee)) {
      const role = ofName(attribute)
      return role.score === 0 && /prop/i.test(callee) ? follow(call) : role
    }
    const setter = /^set([A-Z].*)$/.exec(callee)?.[1]
    if (setter !== undefined && !/attribute/i.test(setter)) return ofName(setter)

    const isConstructed = call.type === 'NewExpression' || callee === 'super'
    switch (calleeHintOf(chain, position, isConstructed)) {
      case 'calls':
        return { score: CALLED, name }
      case 'uses':
        return OTHER_USE
      case 'passes': {
        const role = follow(call)
        return role.name === undefined ? { ...role, name } : role
      }
      default:
        // Who is made with an address, and nothing else is known of it, is most likely somebody who calls it.
        return { score: isConstructed && position <= 1 ? 1 : 0, name }
    }
  }

  function ofAttribute(element: string, attribute: string): Role {
    if (/^hx-(?:get|post|put|patch|delete)$/.test(attribute)) return { score: CALLED, name: attribute }
    const isIntrinsic = /^[a-z]/.test(element) && !element.includes('-')
    if (isIntrinsic) return attribute.startsWith('data-') ? ofName(attribute.slice(5)) : OTHER_USE
    const words = wordsOf(element)
    if (
      /^(?:to|as|key|ref)$/.test(attribute) ||
      words.some((word) => /^(?:link|button|image|img|icon|avatar|card|video|script)$/.test(word))
    )
      return OTHER_USE
    const own = ofName(attribute)
    if (own.score !== 0) return own
    const isCaller = calleeHintOf([element], 0, true) === 'calls'
    return { score: isCaller && hintOf(attribute) === 'url' ? CALLED : -1, name: `<${element} ${attribute}>` }
  }

  /** The element that a compiled template makes with this object for its attributes. */
  function elementMadeWith(object: SyntaxNode): string | undefined {
    const call = parentOf(object)
    if (call?.type !== 'CallExpression' || !ELEMENT_FACTORY.test(nameOf(field(call, 'callee')) ?? '')) return undefined
    const [element] = field<SyntaxNode[]>(call, 'arguments')
    if (!element || element === object) return undefined
    const name = nameOf(element) ?? 'Unknown'
    return element.type === 'Literal'
      ? name
      : name.replace(/^(?:_component_)?([a-z])/, (_, first: string) => first.toUpperCase())
  }

  function enclosingFunction(node: SyntaxNode): SyntaxNode | undefined {
    for (let current: SyntaxNode | undefined = node; current; current = parentOf(current)) {
      if (isFunction(current)) return current
    }
    return undefined
  }

  const isTagged = (template: SyntaxNode): boolean => parentOf(template)?.type === 'TaggedTemplateExpression'

  return follow(url)
}

function elementOf(opening: SyntaxNode | undefined): string {
  return (opening && nameOf(field(opening, 'name'))) ?? 'Unknown'
}

function isFirstOf(template: SyntaxNode, node: SyntaxNode): boolean {
  const [quasi] = field<SyntaxNode[]>(template, 'quasis')
  const isEmpty = quasi !== undefined && field<{ raw: string }>(quasi, 'value').raw.trim() === ''
  return isEmpty && field<SyntaxNode[]>(template, 'expressions')[0] === node
}

function best(roles: readonly Role[]): Role {
  return roles.reduce((found, role) => (role.score > found.score ? role : found), roles[0] ?? UNKNOWN)
}
