// What an operation costs, as a function of its variables: compiled once with its plan, evaluated for every request. Plain data, so that it
// crosses threads with the plan. What no variable decides is a number already.

export type OperationCost =
  | FixedCost
  | {
      readonly kind: 'varying'
      readonly fields: readonly FieldCost[]
      /** Places where the schema asks for exactly one of some arguments. */
      readonly slices: readonly RequiredSlice[]
    }

export interface FixedCost {
  readonly kind: 'fixed'
  readonly total: number
  /** To the field that costs most. */
  readonly path: readonly string[]
  readonly slices: readonly RequiredSlice[]
}

/** Of one object that has the field. */
export type FieldCost =
  | { readonly kind: 'fixed'; readonly total: number; readonly path: readonly string[] }
  | {
      readonly kind: 'varying'
      readonly key: string
      /** Of one object or value. */
      readonly weight: number
      readonly size: Size
      readonly inputs: readonly InputCost[]
      readonly fields: readonly FieldCost[]
      /** Of which the dearest counts: an object is of one type. */
      readonly alternatives: readonly (readonly FieldCost[])[]
    }

/** How many there are: the greatest that is given, else what is assumed. */
export interface Size {
  readonly given: readonly Given[]
  readonly otherwise: number
  /** What lists inside of the list multiply it by. */
  readonly times: number
}

/** A number in the document, or the variable that holds it; inside it where the argument is an object (`filter.max`). */
export type Given = number | { readonly variable: string; readonly path: readonly string[] }

/** An argument whose cost depends on a variable. */
export interface InputCost {
  readonly type: string
  readonly weight: number | null
  readonly value: InputTemplate
}

export type InputTemplate =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'list'; readonly items: readonly InputTemplate[] }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [name: string, value: InputTemplate])[] }

export interface RequiredSlice {
  readonly path: readonly string[]
  readonly arguments: readonly string[]
  readonly given: readonly Given[]
  /** One of them has a default: then none has to be given. */
  readonly hasDefault: boolean
}

type Variables = Readonly<Record<string, unknown>>
/** Of a value for an input type: InputCosts.costOf. */
type CostOfInput = (type: string, weight: number | null, value: unknown) => number

export function totalCost(cost: OperationCost, variables: Variables, costOfInput: CostOfInput): number {
  return cost.kind === 'fixed' ? cost.total : bounded(sumOf(cost.fields, variables, costOfInput))
}

/** To the field that costs most: down to where no single field below it makes up half of what stands above. */
export function dearestPath(cost: OperationCost, variables: Variables, costOfInput: CostOfInput): readonly string[] {
  if (cost.kind === 'fixed') return cost.path
  return pathInto(cost.fields, null, variables, costOfInput)
}

/** Places at which not exactly one of the arguments is given. */
export function unmetSlices({ slices }: OperationCost, variables: Variables): readonly RequiredSlice[] {
  return slices.filter(({ given, hasDefault }) => {
    const count = given.filter((each) => valueOf(each, variables) !== null).length
    return count > 1 || (count === 0 && !hasDefault)
  })
}

export function costOfField(cost: FieldCost, variables: Variables, costOfInput: CostOfInput): number {
  if (cost.kind === 'fixed') return cost.total
  const { weight, size, inputs, fields, alternatives } = cost
  const dearest = Math.max(0, ...alternatives.map((each) => sumOf(each, variables, costOfInput)))
  const one = weight + sumOf(fields, variables, costOfInput) + dearest
  const given = inputs.reduce(
    (sum, { type, weight: own, value }) => sum + costOfInput(type, own, fill(value, variables)),
    0,
  )
  return sizeOf(size, variables) * one + given
}

function sumOf(fields: readonly FieldCost[], variables: Variables, costOfInput: CostOfInput): number {
  let sum = 0
  for (const field of fields) sum += costOfField(field, variables, costOfInput)
  return sum
}

/** JSON has no infinity, and no client an answer of that size. */
function bounded(cost: number): number {
  return Math.min(cost, Number.MAX_SAFE_INTEGER)
}

/** `beside`: what the object itself costs; null at the root, where the dearest field is told whatever its share. */
export function pathInto(
  fields: readonly FieldCost[],
  beside: number | null,
  variables: Variables,
  costOfInput: CostOfInput,
): readonly string[] {
  const costs = fields.map((field) => ({ field, total: costOfField(field, variables, costOfInput) }))
  const all = (beside ?? 0) + costs.reduce((sum, { total }) => sum + total, 0)
  const [first] = costs.toSorted((a, b) => b.total - a.total)
  if (first === undefined || first.total === 0 || (beside !== null && first.total * 2 < all)) return []
  const { field } = first
  if (field.kind === 'fixed') return field.path
  const [dearest = []] = field.alternatives.toSorted(
    (a, b) => sumOf(b, variables, costOfInput) - sumOf(a, variables, costOfInput),
  )
  return [field.key, ...pathInto([...field.fields, ...dearest], field.weight, variables, costOfInput)]
}

function sizeOf({ given, otherwise, times }: Size, variables: Variables): number {
  let most: number | null = null
  for (const each of given) {
    const value = valueOf(each, variables)
    if (value !== null) most = Math.max(most ?? 0, value)
  }
  return (most ?? otherwise) * times
}

function valueOf(given: Given, variables: Variables): number | null {
  if (typeof given === 'number') return given
  let value: unknown = Object.hasOwn(variables, given.variable) ? variables[given.variable] : undefined
  for (const name of given.path) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
  }
  return typeof value === 'number' ? Math.max(0, value) : null
}

function fill(template: InputTemplate, variables: Variables): unknown {
  switch (template.kind) {
    case 'variable':
      return variables[template.name]
    case 'value':
      return template.value
    case 'list':
      return template.items.map((item) => fill(item, variables))
    case 'object':
      return Object.fromEntries(template.fields.map(([name, value]) => [name, fill(value, variables)]))
  }
}
