// A selection as closures: each field knows its resolver, its arguments and how its values are completed, so that nothing of the query is
// looked at again per object. What lies below a field is compiled when its first value is there: never more than the data that is met.
import {
  GraphQLError,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type FieldNode,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
} from 'graphql'
import { invariant } from '../../../platform/errors.ts'
import { collectFields, type Definitions } from './collect-fields.ts'
import { compileArguments } from './compile-arguments.ts'
import { compileResolver } from './compile-resolver.ts'
import type { Complete, Execution, Holder, Place } from './execution.ts'

export interface Compiling extends Definitions {
  /** A field that is completed in a way of its own. */
  readonly special: Special | null
  /** Fields compiled so far: each has a number of its own. */
  fields: number
}

export interface Special {
  readonly field: GraphQLField<unknown, unknown>
  /** Completes the field's arguments. */
  compile(compiling: Compiling, nodes: readonly FieldNode[]): Complete
}

/** Puts what is selected of the source into the object made of it. `at`: the object's own place; null for the operation's. */
export type SetFields = (source: unknown, object: Holder, at: Place | null, run: Execution) => void

/** What a field's values are completed for. */
interface Completing {
  readonly nodes: readonly FieldNode[]
  /** `Type.field`. */
  readonly where: string
}

/** Of the selections of some fields, or of an operation. */
export function compileFields(
  compiling: Compiling,
  type: GraphQLObjectType,
  selected: readonly Pick<FieldNode, 'selectionSet'>[],
): SetFields {
  const selections = selected.flatMap(({ selectionSet }) => selectionSet ?? [])
  const setters = [...collectFields(compiling, type, selections)].map(([key, nodes]) =>
    compileField(compiling, type, key, nodes),
  )
  return (source, object, at, run) => {
    const { spread } = run
    for (const set of setters) {
      set(source, object, at, run)
      // An error took this object with it: its other fields are not asked for.
      if (run.spread !== spread && run.isGivenUp(at)) return
    }
  }
}

function compileField(
  compiling: Compiling,
  type: GraphQLObjectType,
  key: string,
  nodes: readonly FieldNode[],
): SetFields {
  const [node] = nodes
  invariant(node !== undefined, 'a response key has a field')
  const name = node.name.value
  if (name === '__typename') return (_source, object) => void (object[key] = type.name)
  const field = type.getFields()[name]
  invariant(field !== undefined, `a valid query asks ${type.name} for what it has, not for ${name}`)
  const special = compiling.special?.field === field ? compiling.special : null
  const resolve = (special === null ? compileResolver : compileArguments)(field, node, compiling.fields++)
  const nullable = !isNonNullType(field.type)
  const completing = { nodes, where: `${type.name}.${name}` }
  const complete = special?.compile(compiling, nodes) ?? compileComplete(compiling, field.type, completing)
  const leaf = leafOf(field.type)
  return (source, object, above, run) => {
    let value: unknown
    try {
      value = resolve(run, source)
      if (leaf !== null && value !== null && value !== undefined && !(value instanceof Promise)) {
        object[key] = serialized(leaf, value)
        return
      }
    } catch (error) {
      run.fail(error, { above, holder: object, key, nullable }, nodes)
      return
    }
    run.complete(value, { above, holder: object, key, nullable }, nodes, complete)
  }
}

function compileComplete(compiling: Compiling, type: GraphQLOutputType, completing: Completing): Complete {
  const inner: GraphQLOutputType = isNonNullType(type) ? type.ofType : type
  const complete = compileInner(compiling, inner, completing)
  const { where } = completing
  if (isNonNullType(type)) {
    return (value, at, run) => {
      if (value === null || value === undefined) throw new Error(`Cannot return null for non-nullable field ${where}.`)
      complete(value, at, run)
    }
  }
  return (value, at, run) => {
    if (value === null || value === undefined) at.holder[at.key] = null
    else complete(value, at, run)
  }
}

/** Of values that are there. */
function compileInner(compiling: Compiling, type: GraphQLOutputType, completing: Completing): Complete {
  if (isListType(type)) return compileList(compiling, type.ofType, completing)
  if (isLeafType(type)) return (value, at) => void (at.holder[at.key] = serialized(type, value))
  invariant(isObjectType(type), `${completing.where} is an object`)
  return compileObject(compiling, type, completing.nodes)
}

/** Completes values that are objects of one type. */
export function compileObject(compiling: Compiling, type: GraphQLObjectType, nodes: readonly FieldNode[]): Complete {
  let set: SetFields | undefined
  return (source, at, run) => {
    set ??= compileFields(compiling, type, nodes)
    const object: Holder = {}
    at.holder[at.key] = object
    set(source, object, at, run)
  }
}

function compileList(compiling: Compiling, type: GraphQLOutputType, completing: Completing): Complete {
  const complete = compileComplete(compiling, type, completing)
  const nullable = !isNonNullType(type)
  const { nodes, where } = completing
  return (values, at, run) => {
    if (!Array.isArray(values)) {
      throw new GraphQLError(`Expected Iterable, but did not find one for field "${where}".`)
    }
    completeItems(values, { at, nullable, nodes, complete }, run)
  }
}

interface Items {
  /** Of the list. */
  readonly at: Place
  /** Whether an item may be null. */
  readonly nullable: boolean
  readonly nodes: readonly FieldNode[]
  readonly complete: Complete
}

function completeItems(values: readonly unknown[], items: Items, run: Execution): void {
  const { at, nullable, nodes, complete } = items
  const holder = newList(at)
  const { spread } = run
  for (let key = 0; key < values.length; key++) {
    run.complete(values[key], { above: at, holder, key, nullable }, nodes, complete)
    if (run.spread !== spread && run.isGivenUp(at)) return
  }
}

/** An empty list, put in its place. */
export function newList(at: Place): Holder {
  const list: unknown[] = []
  at.holder[at.key] = list
  // Its items are written by index, in their order.
  return list as unknown as Holder
}

function leafOf(type: GraphQLOutputType): GraphQLLeafType | null {
  const inner: GraphQLOutputType = isNonNullType(type) ? type.ofType : type
  return isLeafType(inner) ? inner : null
}

function serialized(type: GraphQLLeafType, value: unknown): unknown {
  const result: unknown = type.serialize(value)
  if (result !== null && result !== undefined) return result
  throw new Error(`${type.name} gave no value for what is not null.`)
}
