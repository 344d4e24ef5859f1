// A field's resolver with its arguments: of the source and the execution alone.
import type { FieldNode, GraphQLField } from 'graphql'
import { invariant } from '../../../platform/errors.ts'
import type { RequestContext } from '../request-context.ts'
import { compileArguments, type Arguments } from './compile-arguments.ts'
import type { Execution } from './execution.ts'

export type Resolve = (run: Execution, source: unknown) => unknown

type Resolver = (source: unknown, args: Arguments, context: RequestContext) => unknown
type Method = (args: Arguments, context: RequestContext) => unknown

/** Resolvers of three parameters at most are told nothing of the query. */
const PARAMETERS_MAX = 3

/** Whether the field is resolved of its object, its arguments and the context alone. */
export function isIndependent({ resolve }: Pick<GraphQLField<unknown, unknown>, 'resolve'>): boolean {
  return resolve === undefined || resolve.length <= PARAMETERS_MAX
}

/** `slot`: see compileArguments. */
export function compileResolver(field: GraphQLField<unknown, unknown>, node: FieldNode, slot: number): Resolve {
  invariant(isIndependent(field), `${field.name} is resolved without looking at the query`)
  const read = compileArguments(field, node, slot)
  const { name } = field
  const resolve = field.resolve as Resolver | undefined
  if (resolve !== undefined) return (run, source) => resolve(source, read(run), run.context)
  return (run, source) => {
    if (typeof source !== 'object' || source === null) return undefined
    const property = (source as Readonly<Record<string, unknown>>)[name]
    return typeof property === 'function' ? (property as Method).call(source, read(run), run.context) : property
  }
}
