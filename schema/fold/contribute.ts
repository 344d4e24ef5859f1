// What a row of an input contributes to which groups: joined rows, elements, filter, event time, group and values, in that order.
// A row is evaluated whole: an expression that fails for one of its elements makes all of it contribute nothing.
import { BOOLEAN } from '../cel/cel-scope.ts'
import type { CelScope } from '../cel/compile-cel.ts'
import type { CelExpression, Derivation, Entity, FieldType, Fold, Product, ReadInput } from '../model.ts'
import type { Row, Value } from '../row.ts'
import { schemaLimits } from '../schema-limits.ts'
import type { CompiledFoldInput, Contributed, Group, JoinedRows, RowReference } from './compiled-fold.ts'
import type { ContributedValues } from './contributed-values.ts'
import { compileFoldExpression, ExpressionFailure, type FoldExpression } from './fold-expression.ts'
import type { Contribution } from './fold-function.ts'
import { foldScope } from './fold-scope.ts'
import { compileWindows, type WindowsOf } from './fold-window.ts'
import { compileJoins, type JoinPlans, type Variables } from './joined-rows.ts'

export interface ContributeContext {
  readonly product: Product
  readonly entity: Entity
  readonly derivation: Derivation
  readonly reads: readonly ReadInput[]
}

interface Plan {
  readonly input: string
  readonly joins: JoinPlans
  readonly each: { readonly field: string; readonly as: string } | null
  readonly where: FoldExpression | null
  /** The filter needs no joined row: what it leaves out need not look for any. */
  readonly filtersFirst: boolean
  readonly time: FoldExpression | null
  /** Without an event time, it is in no window. */
  readonly needsTime: boolean
  readonly groups: readonly { readonly field: string; readonly expression: FoldExpression }[]
  readonly windowsOf: WindowsOf | null
  readonly values: ContributedValues
}

type Groups = Map<string, { readonly group: Group; readonly contributions: Contribution[] }>

export function scopeOfFold(fold: Fold, { product, reads }: ContributeContext) {
  const types = { reads, readTypes: product.readTypes, enums: product.enums }
  return (expected?: FieldType): CelScope => foldScope(fold, types, expected === undefined ? {} : { expected })
}

export function compileFoldInput(
  index: number,
  values: ContributedValues,
  context: ContributeContext,
): CompiledFoldInput {
  const plan = compilePlan(index, values, context)
  const read = context.reads.findIndex(({ name }) => name === plan.input)
  return {
    read,
    groupFields: groupFieldsOf(plan),
    possibleGroups: (fields) => possibleGroups(plan, fields),
    timeMs: (fields) => possibleTime(plan, fields),
    references: plan.joins.names.size === 0 ? () => [] : (row, joined) => referencesOf(plan, row, joined),
    contribute(member, row, joined) {
      try {
        return contributionsOf(plan, member, row, joined)
      } catch (error) {
        if (!(error instanceof ExpressionFailure)) throw error
        return { kind: 'failed', expression: error.expression, message: error.message }
      }
    },
  }
}

function compilePlan(index: number, values: ContributedValues, context: ContributeContext): Plan {
  const { product, entity, derivation, reads } = context
  const fold = derivation.folds[index]
  if (fold === undefined) throw new Error(`Invariant broken: ${entity.name} has no fold ${index}`)
  const scope = scopeOfFold(fold, context)
  const types = { reads, readTypes: product.readTypes, enums: product.enums }
  const joins = compileJoins(fold, { reads, scope: (joinsBefore) => foldScope(fold, types, { joinsBefore }) })
  const compile = (expression: CelExpression, expected: FieldType, what: string): FoldExpression =>
    compileFoldExpression(expression, scope(expected), what)
  const where = fold.where === null ? null : compile(fold.where, BOOLEAN, 'where of @fold')
  return {
    input: fold.input,
    joins,
    each: fold.each,
    where,
    filtersFirst: where !== null && !where.reads.some((name) => joins.names.has(name)),
    time:
      fold.time === null
        ? null
        : compile(fold.time.expression, { kind: 'scalar', scalar: fold.time.scalar }, 'time of @fold'),
    needsTime: derivation.window !== null,
    groups: derivation.groups.flatMap(({ field, expressions }) => {
      const expression = expressions[index]
      const type = typeOfField(entity, field)
      if (expression === undefined) return []
      return [{ field, expression: compile(expression, type, `@group of ${field}`) }]
    }),
    windowsOf: compileWindows(derivation),
    values,
  }
}

export function typeOfField(entity: Entity, name: string): FieldType {
  const field = entity.fields.find((candidate) => candidate.name === name)
  if (field?.kind === 'stored' || field?.kind === 'computed') return field.type
  throw new Error(`Invariant broken: ${entity.name}.${name} is no stored field`)
}

/** Null where joined rows have a say. */
function groupFieldsOf(plan: Plan): readonly string[] | null {
  const reads = plan.groups.flatMap(({ expression }) => expression.reads)
  if (plan.windowsOf !== null && plan.time !== null) reads.push(...plan.time.reads)
  if (reads.some((name) => plan.joins.names.has(name))) return null
  const { each } = plan
  const fields = reads.map((name) => (name === each?.as ? each.field : name))
  return [...new Set(each === null ? fields : [each.field, ...fields])]
}

/** Calls with the variables of the row, or of each of its elements, and the element's place. */
function forEachElement(plan: Plan, row: Row, visit: (variables: Variables, place: number | null) => void): void {
  const { each, joins } = plan
  if (each === null) {
    visit(joins.names.size === 0 ? row : { ...row }, null)
    return
  }
  const elements = row[each.field] ?? null
  if (!Array.isArray(elements)) return
  const variables: Variables = { ...row }
  for (const [place, element] of (elements as readonly Value[]).entries()) {
    if (element === null) continue
    variables[each.as] = element
    visit(variables, place)
  }
}

const passes = (where: FoldExpression | null, variables: Row): boolean =>
  where === null || where.evaluate(variables) === true

function referencesOf(plan: Plan, row: Row, joined: JoinedRows): readonly RowReference[] {
  const found = new Map<string, RowReference>()
  try {
    forEachElement(plan, row, (variables) => {
      if (!plan.filtersFirst || passes(plan.where, variables)) plan.joins.references(variables, joined, found)
    })
  } catch (error) {
    // `contribute` tells of it.
    if (!(error instanceof ExpressionFailure)) throw error
  }
  return [...found.values()]
}

function contributionsOf(plan: Plan, member: string, row: Row, joined: JoinedRows): Contributed {
  const groups: Groups = new Map()
  forEachElement(plan, row, (variables, place) => {
    if (plan.filtersFirst && !passes(plan.where, variables)) return
    if (!plan.joins.join(variables, joined)) return
    if (!plan.filtersFirst && !passes(plan.where, variables)) return
    const timeMs = timeOf(plan, variables)
    const found = timeMs === null && plan.needsTime ? [] : groupsOf(plan, variables, timeMs)
    if (found.length === 0) return
    const contribution: Contribution = {
      input: plan.input,
      timeMs,
      member: place === null ? member : elementMember(member, place),
      value: plan.values(variables),
    }
    for (const group of found) put(groups, contribution, group)
  })
  return { kind: 'contributed', groups }
}

function groupsOf(plan: Plan, variables: Row, timeMs: number | null): readonly Group[] {
  const row: Record<string, Value> = {}
  const keys: Value[] = []
  for (const { field, expression } of plan.groups) {
    const value = expression.evaluate(variables)
    if (value === null) return []
    row[field] = value
    keys.push(value)
  }
  if (plan.windowsOf === null || timeMs === null) return [{ text: JSON.stringify(keys), row }]
  return plan.windowsOf(timeMs).map((window) => {
    return { text: JSON.stringify([...keys, window.start]), row: { ...row, ...window.row } }
  })
}

function possibleGroups(plan: Plan, fields: Row): readonly Group[] {
  try {
    // A session's group is not told apart by time.
    const timeMs = plan.windowsOf === null ? null : timeOf(plan, fields)
    return timeMs === null && plan.windowsOf !== null ? [] : groupsOf(plan, fields, timeMs)
  } catch (error) {
    if (!(error instanceof ExpressionFailure)) throw error
    return []
  }
}

function possibleTime(plan: Plan, fields: Row): number | null {
  try {
    return timeOf(plan, fields)
  } catch (error) {
    if (!(error instanceof ExpressionFailure)) throw error
    return null
  }
}

function put(groups: Groups, contribution: Contribution, group: Group): void {
  const known = groups.get(group.text)
  if (known !== undefined) {
    known.contributions.push(contribution)
    return
  }
  if (groups.size === schemaLimits.foldGroupsOfRowMax)
    throw new ExpressionFailure('@group', `the row has more than ${schemaLimits.foldGroupsOfRowMax} groups`)
  groups.set(group.text, { group, contributions: [contribution] })
}

function timeOf(plan: Plan, variables: Row): number | null {
  const text = plan.time === null ? null : plan.time.evaluate(variables)
  return text === null ? null : Date.parse(text as string)
}

/** Places of one length, so that members of a row order as its elements do. */
const PLACE_DIGITS = 6
const elementMember = (member: string, place: number): string =>
  `${member}#${String(place).padStart(PLACE_DIGITS, '0')}`
