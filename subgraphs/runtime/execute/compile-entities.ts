// `Query._entities`: each representation goes to the resolver of its own type, as @apollo/subgraph would send it, and what comes back is
// completed as that type.
import type { FieldNode, GraphQLObjectType, GraphQLSchema } from 'graphql'
import { entityType } from '../check-representations.ts'
import type { RequestContext } from '../request-context.ts'
import { compileObject, newList, type Compiling, type Special } from './compile-selection.ts'
import type { Complete } from './execution.ts'

type Representation = Readonly<Record<string, unknown>>
type ResolveReference = (representation: Representation, context: RequestContext) => unknown

/** An entity type as it is asked for. */
interface Asked {
  readonly resolve: ResolveReference | undefined
  readonly complete: Complete
}

/** Null where the schema has no entities. */
export function specialEntities(schema: GraphQLSchema): Special | null {
  const field = schema.getQueryType()?.getFields()['_entities']
  return field === undefined ? null : { field, compile: compileEntities }
}

function compileEntities(compiling: Compiling, nodes: readonly FieldNode[]): Complete {
  const known = new Map<unknown, Asked>()
  const askedOf = ({ __typename: name }: Representation): Asked => {
    const found = known.get(name)
    if (found !== undefined) return found
    const type = entityType(compiling.schema, name)
    const complete = compileObject(compiling, type, nodes)
    const asked: Asked = {
      resolve: resolveReferenceOf(type),
      complete: (value, at, run) => {
        if (value === null || value === undefined) at.holder[at.key] = null
        else complete(value, at, run)
      },
    }
    known.set(name, asked)
    return asked
  }
  return (args, at, run) => {
    const { representations } = args as { readonly representations: readonly Representation[] }
    const all = representations.map(askedOf)
    const holder = newList(at)
    for (const [key, { resolve, complete }] of all.entries()) {
      const representation = representations[key] ?? {}
      const entity = resolve === undefined ? representation : resolve(representation, run.context)
      run.complete(entity, { above: at, holder, key, nullable: true }, nodes, complete)
    }
  }
}

/** Where @apollo/subgraph keeps it. */
function resolveReferenceOf({ extensions }: GraphQLObjectType): ResolveReference | undefined {
  const { apollo } = extensions as { apollo?: { subgraph?: { resolveReference?: ResolveReference } } }
  return apollo?.subgraph?.resolveReference
}
