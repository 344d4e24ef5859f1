// What holds for a field of an object type over all subgraphs: the shape that its values must have so that every subgraph that resolves
// it can answer them.
import { Kind, type SelectionSetNode, type TypeNode } from 'graphql'
import type { GraphField, GraphModel, MeshModel } from './mesh-model.ts'

export interface FieldFacts {
  readonly typeName: string
  readonly name: string
  /** From the outside in: a list's own nullability, its items', and so on; the last is the named type's. */
  readonly nullable: readonly boolean[]
  readonly namedType: string
  /** Concrete types that each subgraph that answers it knows; null for leaves. */
  readonly targets: readonly string[] | null
  /** Of an enum; null for others. */
  readonly values: readonly string[] | null
  /** Arguments that all subgraphs that answer it have, with their types. */
  readonly arguments: ReadonlyMap<string, string>
  readonly requires: SelectionSetNode | null
  /** A subgraph that resolves it. */
  readonly graph: GraphModel
  /** Its nullability is the same everywhere. */
  readonly isEven: boolean
}

export type FactsOf = (typeName: string, field: string) => FieldFacts

export function createFacts(model: MeshModel): FactsOf {
  const known = new Map<string, FieldFacts>()
  return (typeName, field) => {
    const id = `${typeName}.${field}`
    const found = known.get(id) ?? readFacts(model, typeName, field)
    known.set(id, found)
    return found
  }
}

interface Definition {
  readonly graph: GraphModel
  readonly field: GraphField
}

function definitions({ graphs, implementers }: MeshModel, typeName: string, name: string): Definition[] {
  return graphs.flatMap((graph) =>
    [...graph.types.values()].flatMap((type): Definition[] => {
      const stands =
        type.name === typeName || (type.isInterfaceObject && (implementers.get(type.name)?.includes(typeName) ?? false))
      const field = stands ? type.fields.get(name) : undefined
      return field === undefined || field.dead ? [] : [{ graph, field }]
    }),
  )
}

function readFacts(model: MeshModel, typeName: string, name: string): FieldFacts {
  const all = definitions(model, typeName, name)
  const resolving = all.find(({ field }) => !field.external) ?? all[0]
  if (resolving === undefined) throw new Error(`nobody has ${typeName}.${name}`)
  const levels = all.map(({ field }) => nullability(field.type))
  const namedType = innermost(resolving.field.type)
  const resolved = all.filter(({ field }) => !field.external)
  const answering = resolved.length === 0 ? all : resolved
  const sets = answering.map(({ graph, field }) => concrete(model, graph, innermost(field.type)))
  const enums = all.map(({ graph, field }) => graph.enums.get(innermost(field.type)) ?? null)
  const argumentLists = all.map(({ field }) => field.arguments)
  const shared = argumentLists.reduce((kept, list) => kept.filter((each) => list.includes(each)))
  return {
    typeName,
    name,
    nullable: (levels[0] ?? []).map((_, level) => levels.every((each) => each[level])),
    namedType,
    targets: sets.every((set) => set === null)
      ? null
      : sets.reduce<readonly string[]>(
          (kept, set) => kept.filter((each) => set?.includes(each)),
          (sets[0] ?? []).filter(
            (each) => !model.inaccessible.has(each) || each === namedType || levels.every((level) => level.at(-1)),
          ),
        ),
    values: enums.reduce((kept, set) => (kept === null ? set : kept.filter((each) => set?.includes(each)))),
    arguments: new Map(
      shared.map((each): [string, string] => {
        const [argument = '', type = ''] = each.split(': ')
        return [argument, type.replaceAll(/[[\]!]/g, '')]
      }),
    ),
    requires: all.find(({ field }) => field.requires !== null)?.field.requires ?? null,
    graph: resolving.graph,
    isEven: levels.every((each) => each.join() === levels[0]?.join()),
  }
}

/** Null for leaves. */
function concrete(model: MeshModel, graph: GraphModel, name: string): readonly string[] | null {
  const type = graph.types.get(name)
  if (type === undefined) return null
  if (type.isInterfaceObject) return model.implementers.get(name) ?? []
  return type.kind === 'object' ? [name] : (graph.possible.get(name) ?? [])
}

function nullability(type: TypeNode): boolean[] {
  if (type.kind === Kind.NON_NULL_TYPE) return [false, ...nullability(type.type).slice(1)]
  return type.kind === Kind.LIST_TYPE ? [true, ...nullability(type.type)] : [true]
}

function innermost(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : innermost(type.type)
}
