// What an expression's syntax tree tells before it is type-checked: the variables it reads, and mistakes that the types alone
// do not show. Also puts the step budget into its comprehensions and makes way for variables that CEL's own names would hide.
import type { ASTNode, Environment } from '@marcbachmann/cel-js'
import { CelFailure } from './cel-failure.ts'
import { canonicalDecimal } from './decimal.ts'
import { schemaLimits } from '../schema-limits.ts'

/** The parts of the library's tree that are used here; its own types leave out `meta` and the expanded macros. */
interface Node {
  readonly op: string
  args: unknown
  readonly start: number
  readonly end: number
  readonly input: string
  readonly meta: { readonly alternate?: Node }
}

interface ComprehensionArguments {
  readonly iterVarName: string
  condition?: (accumulated: unknown) => boolean
}

export interface CelProblem {
  readonly message: string
  readonly offset: number
}

export interface CelSyntax {
  readonly reads: readonly string[]
  readonly problems: readonly CelProblem[]
}

/** Elements visited by the evaluation under way; set to 0 before each. */
export const celSteps = { taken: 0 }

function step(): void {
  if (++celSteps.taken > schemaLimits.celStepsMax)
    throw new CelFailure(`the expression visits more than ${schemaLimits.celStepsMax} elements`)
}

/** The name under which a variable is registered: `type`, `list` and the like are constants of CEL. */
export const registeredName = (environment: Environment, name: string): string =>
  environment.hasVariable(name) ? `${name}__field` : name

interface Walk {
  readonly environment: Environment
  readonly variables: { has(name: string): boolean }
  readonly enumValues: (variable: string) => readonly string[] | null
  readonly reads: Set<string>
  readonly problems: CelProblem[]
}

/** Walks the tree once. `variables` are those in scope; other names are left for the type check to refuse. */
export function analyseCel(ast: ASTNode, walk: Omit<Walk, 'reads' | 'problems'>): CelSyntax {
  const state: Walk = { ...walk, reads: new Set(), problems: [] }
  visit(ast as unknown as Node, [], state)
  return { reads: [...state.reads], problems: state.problems }
}

function visit(node: Node, bound: readonly string[], walk: Walk): void {
  switch (node.op) {
    case 'value':
      visitLiteral(node, walk)
      return
    case 'id':
      visitName(node, bound, walk)
      return
    case '.':
    case '.?':
      visit((node.args as [Node, string])[0], bound, walk)
      return
    case 'call': {
      const [name, callArguments] = node.args as [string, Node[]]
      if (name === 'has')
        // The library's has() asks whether the type has the field, which the type check knows already.
        walk.problems.push({
          message: 'has() says nothing here; compare with null, as in phone != null.',
          offset: node.start,
        })
      for (const argument of callArguments) visit(argument, bound, walk)
      return
    }
    case 'rcall':
      visitMethod(node, bound, walk)
      return
    case '==':
    case '!=':
      checkEnumComparison(node, bound, walk)
      break
  }
  for (const child of childrenOf(node.args)) visit(child, bound, walk)
}

function childrenOf(operands: unknown): readonly Node[] {
  if (Array.isArray(operands)) return operands.flatMap((operand) => childrenOf(operand))
  return typeof operands === 'object' && operands !== null && 'op' in operands ? [operands as Node] : []
}

function visitLiteral(node: Node, walk: Walk): void {
  if (typeof node.args !== 'number') return
  const text = node.input.slice(node.start, node.end)
  if (canonicalDecimal(text) === canonicalDecimal(String(node.args))) return
  walk.problems.push({
    message: `The number ${text} has more digits than a double holds; write decimal("${text}").`,
    offset: node.start,
  })
}

function visitName(node: Node, bound: readonly string[], walk: Walk): void {
  const name = node.args as string
  if (bound.includes(name) || !walk.variables.has(name)) return
  walk.reads.add(name)
  node.args = registeredName(walk.environment, name)
}

function visitMethod(node: Node, bound: readonly string[], walk: Walk): void {
  const [method, receiver, methodArguments] = node.args as [string, Node, Node[]]
  const comprehension = node.meta.alternate
  if (comprehension?.op === 'comprehension') {
    visit(receiver, bound, walk)
    const parts = comprehension.args as ComprehensionArguments
    const condition = parts.condition
    parts.condition = (accumulated) => {
      step()
      return condition === undefined || condition(accumulated)
    }
    for (const argument of methodArguments.slice(1)) visit(argument, [...bound, parts.iterVarName], walk)
    return
  }
  if (method === 'bind' && receiver.op === 'id' && receiver.args === 'cel') {
    const [variable, value, body] = methodArguments
    if (value !== undefined) visit(value, bound, walk)
    if (body !== undefined) visit(body, [...bound, String(variable?.args)], walk)
    return
  }
  if (method === 'matches') checkPattern(methodArguments[0], walk)
  visit(receiver, bound, walk)
  for (const argument of methodArguments) visit(argument, bound, walk)
}

function checkPattern(argument: Node | undefined, walk: Walk): void {
  if (argument?.op !== 'value' || typeof argument.args !== 'string') return
  try {
    new RegExp(argument.args)
  } catch {
    walk.problems.push({ message: `'${argument.args}' is no regular expression.`, offset: argument.start })
  }
}

function checkEnumComparison(node: Node, bound: readonly string[], walk: Walk): void {
  const operands = node.args as [Node, Node]
  for (const [name, literal] of [operands, [operands[1], operands[0]] as const]) {
    if (name.op !== 'id' || bound.includes(name.args as string) || literal.op !== 'value') continue
    const values = walk.enumValues(name.args as string)
    if (values === null || typeof literal.args !== 'string' || values.includes(literal.args)) continue
    walk.problems.push({
      message: `'${literal.args}' is no value of ${String(name.args)}; it has ${values.join(', ')}.`,
      offset: literal.start,
    })
  }
}
