// Checks the selections of @key, @requires and @provides as far as the composition library does not: their form, their arguments, and what a
// representation could not carry. It runs first: some of these make the library throw.
import {
  Kind,
  print,
  type FieldNode,
  type InputValueDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import { invalidValue } from './check-values.ts'
import type { CompositionProblem } from './composition-problem.ts'
import { parseSelection } from './parse-selection.ts'
import { fieldsText, isExternal, type SubgraphField, type SubgraphModel, type SubgraphType } from './subgraph-model.ts'

type Directive = 'key' | 'requires' | 'provides'

interface Context {
  readonly subgraph: SubgraphModel
  readonly others: readonly SubgraphModel[]
  readonly directive: Directive
  /** Coordinate of what carries the directive. */
  readonly on: string
  readonly text: string
  readonly line: number
}

export function checkFieldSets(subgraph: SubgraphModel, others: readonly SubgraphModel[]): CompositionProblem[] {
  const problems: CompositionProblem[] = []
  const check = (directive: Directive, of: SubgraphType | SubgraphField, on: string, selects: string): void => {
    for (const values of of.applied(directive)) {
      const text = fieldsText(values)
      const type = subgraph.types.get(selects)
      if (text === null || type === undefined) continue
      problems.push(...checkFieldSet({ subgraph, others, directive, on, text, line: of.line }, type))
    }
  }
  for (const type of subgraph.types.values()) {
    check('key', type, type.name, type.name)
    for (const field of type.fields.values()) {
      check('requires', field, `${type.name}.${field.name}`, type.name)
      check('provides', field, `${type.name}.${field.name}`, field.namedType)
    }
  }
  return problems
}

function checkFieldSet(context: Context, type: SubgraphType): CompositionProblem[] {
  const selectionSet = parseSelection(context.text)
  if (typeof selectionSet === 'string') return [problem(context, selectionSet)]
  const found = checkSelections(context, type, selectionSet)
  if (found.length === 0 && context.directive === 'key' && selectsOnlyTypename(selectionSet)) {
    found.push(
      problem(
        context,
        'it selects no field: every object has the same __typename. Name a field that identifies the entity',
      ),
    )
  }
  return found
}

function selectsOnlyTypename({ selections }: SelectionSetNode): boolean {
  return selections.every((each) => each.kind === Kind.FIELD && each.name.value === '__typename')
}

function checkSelections(context: Context, type: SubgraphType, { selections }: SelectionSetNode): CompositionProblem[] {
  const problems: CompositionProblem[] = []
  const argumentsOf = new Map<string, string>()
  for (const selection of selections) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      problems.push(problem(context, `there is no fragment ${selection.name.value} in it. Write the fields out`))
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = context.subgraph.types.get(selection.typeCondition?.name.value ?? type.name)
      if (condition !== undefined) problems.push(...checkSelections(context, condition, selection.selectionSet))
    } else {
      problems.push(...checkField(context, type, selection))
      const text = (selection.arguments ?? [])
        .map((each) => print(each))
        .toSorted()
        .join(', ')
      const known = argumentsOf.get(selection.name.value) ?? text
      argumentsOf.set(selection.name.value, known)
      if (known !== text) {
        const both = `${type.name}.${selection.name.value} is selected twice with different arguments`
        problems.push(problem(context, `${both}, and a representation can carry it once. Require one of them`))
      }
    }
  }
  return problems
}

function checkField(context: Context, type: SubgraphType, node: FieldNode): CompositionProblem[] {
  const name = node.name.value
  const coordinate = `${type.name}.${name}`
  if (node.alias !== undefined) {
    return [problem(context, `${node.alias.value}: ${name} is an alias. Select the field by its own name`)]
  }
  if (name === '__typename') return []
  const field = type.fields.get(name)
  // Unknown fields are the library's to refuse.
  if (field === undefined) return []
  const below = context.subgraph.types.get(field.namedType)
  const isLeaf = below === undefined || below.kind === 'scalar' || below.kind === 'enum'
  if (isLeaf && node.selectionSet !== undefined) {
    return [problem(context, `${coordinate} is a leaf of type ${field.namedType}. Take the selection behind it away`)]
  }
  if (!isLeaf && node.selectionSet === undefined) {
    return [problem(context, `${coordinate} is of type ${field.namedType}. Select fields of it`)]
  }
  if (context.directive === 'key' && below?.kind === 'union') {
    return [
      problem(
        context,
        `${coordinate} is a union, which cannot be part of a key. Take it out of the key`,
        'KEY_FIELDS_SELECT_INVALID_TYPE',
      ),
    ]
  }
  const problems = context.directive === 'requires' ? checkArguments(context, coordinate, field, node) : []
  if (below !== undefined && node.selectionSet !== undefined) {
    problems.push(...checkSelections(context, below, node.selectionSet))
  }
  return problems
}

function checkArguments(
  context: Context,
  coordinate: string,
  field: SubgraphField,
  node: FieldNode,
): CompositionProblem[] {
  const given = new Map((node.arguments ?? []).map((each) => [each.name.value, each.value]))
  const problems: CompositionProblem[] = []
  for (const [name, value] of given) {
    const definition = field.arguments.find((each) => each.name.value === name)
    const missingIn = definition === undefined ? [context.subgraph] : resolversWithout(context, coordinate, name)
    for (const { name: subgraph } of missingIn) {
      problems.push(
        problem(
          context,
          `${coordinate} has no argument ${name} in subgraph ${subgraph}. Take it out or define it there`,
        ),
      )
    }
    const wrong = definition === undefined ? null : checkValue(context, definition, value)
    if (wrong !== null) problems.push(problem(context, `argument ${name} of ${coordinate}: ${wrong}`))
  }
  for (const { name, type, defaultValue } of field.arguments) {
    if (type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined && !given.has(name.value)) {
      problems.push(
        problem(context, `${coordinate} needs its argument ${name.value}. Give it a value in the selection`),
      )
    }
  }
  return problems
}

function checkValue({ subgraph }: Context, definition: InputValueDefinitionNode, value: ValueNode): string | null {
  return value.kind === Kind.VARIABLE
    ? 'a variable has no value here. Write the value'
    : invalidValue(subgraph, definition.type, value)
}

/** Subgraphs that answer the field and do not know the argument. */
function resolversWithout({ others }: Context, coordinate: string, argument: string): SubgraphModel[] {
  const [typeName = '', fieldName = ''] = coordinate.split('.')
  return others.filter(({ types }) => {
    const type = types.get(typeName)
    const field = type?.fields.get(fieldName)
    if (type === undefined || field === undefined || isExternal(type, field)) return false
    return !field.arguments.some((each) => each.name.value === argument)
  })
}

function problem({ subgraph, directive, on, text, line }: Context, what: string, code?: string): CompositionProblem {
  const message = `@${directive}(fields: ${JSON.stringify(text)}) on ${on}: ${what}.`
  return { subgraphs: [subgraph.name], code: code ?? `${directive.toUpperCase()}_INVALID_FIELDS`, message, line }
}
