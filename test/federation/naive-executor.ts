// What a plan means, interpreted literally and slowly: fetch, link, read sources, project. The judge of the compiled executor and of plans.
// Errors carry the places that they nulled and nothing else.
import {
  isEnumType,
  isLeafType,
  parse,
  parseType,
  typeFromAST,
  type GraphQLSchema,
  type GraphQLOutputType,
} from 'graphql'
import { getNullableType, isListType, isNonNullType } from 'graphql'
import type {
  Fetch,
  Lookup,
  LookupTarget,
  Plan,
  PositionId,
  RepresentationField,
  ResponseField,
  ResponseObject,
} from '../../gateway/plan/plan.ts'

export type DataObject = Record<string, unknown>
export interface NaiveAnswer {
  readonly data?: DataObject | null
  readonly errors?: readonly { readonly message: string; readonly path?: readonly (string | number)[] }[]
}
export interface NaiveContext {
  readonly publicSchema: GraphQLSchema
  /** Coerced; a variable that was not given is not there. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly ask: (service: string, query: string, variables: DataObject) => Promise<NaiveAnswer>
  /** Values of `__schema` and `__type` by response key. */
  readonly introspection?: DataObject
}
export interface NaiveResult {
  readonly data: DataObject | null
  readonly errors?: readonly { readonly message: string; readonly path: readonly (string | number)[] }[]
}

type Path = readonly (string | number)[]
/** One object of the response: the position's, below an object of the parent, at these indexes of its lists. */
interface Instance {
  readonly position: PositionId
  readonly parent: Instance | null
  readonly indexes: readonly number[]
}
/** What stands for a null that a subgraph has explained by an error. */
const FAILED = Symbol('failed')
/** A null that propagates to the parent. */
const NULLED = Symbol('nulled')

export async function executeNaively(plan: Plan, context: NaiveContext): Promise<NaiveResult> {
  const run = new Run(plan, context)
  await run.fetchAll()
  return run.respond()
}

class Run {
  private readonly plan: Plan
  private readonly context: NaiveContext
  private readonly data: unknown[] = []
  private readonly links = new Map<object, Map<number, unknown>>()
  private readonly failures = new Map<object, Set<string | number>>()
  private readonly errors: { message: string; path: Path }[] = []

  constructor(plan: Plan, context: NaiveContext) {
    this.plan = plan
    this.context = context
  }

  async fetchAll(): Promise<void> {
    let endedStage = Infinity
    for (const [id, fetch] of this.plan.fetches.entries()) {
      for (const dependency of fetch.dependsOn) {
        if (dependency >= id) throw new Error(`fetch ${id} stands before ${dependency} that it depends on`)
      }
      parse(fetch.query)
      if (fetch.stage > endedStage) {
        this.data[id] = null
        continue
      }
      this.data[id] = FAILED
      if (fetch.lookups.length > 0) await this.lookUp(fetch)
      else {
        const answer = await this.ask(fetch, {})
        this.data[id] = answer.data ?? FAILED
        this.locate(answer)
      }
      const { requiredKey } = fetch
      if (requiredKey !== null && missing(read(this.data[id], requiredKey))) endedStage = fetch.stage
    }
  }

  private ask(fetch: Fetch, own: DataObject): Promise<NaiveAnswer> {
    const variables: DataObject = { ...own }
    for (const name of fetch.variables) {
      if (Object.hasOwn(this.context.variables, name)) variables[name] = this.context.variables[name]
    }
    return this.context.ask(fetch.service, fetch.query, variables)
  }

  private async lookUp(fetch: Fetch): Promise<void> {
    const variables: DataObject = {}
    const waiting: { lookup: Lookup; places: { object: object; link: number; index: number }[] }[] = []
    for (const lookup of fetch.lookups) {
      const representations = new Map<string, number>()
      const places = lookup.targets.flatMap((target) =>
        this.instances(target.position, target.onSource).flatMap((instance) => {
          const object = this.object(instance, target.onSource)
          if (!isObject(object) || !this.concerns(target.types, instance)) return []
          const representation = this.representation(target, instance)
          if (representation === null) return []
          const text = JSON.stringify(representation)
          const index = representations.get(text) ?? representations.size
          representations.set(text, index)
          return [{ object, link: target.link, index }]
        }),
      )
      variables[lookup.variable] = [...representations.keys()].map((text) => JSON.parse(text) as unknown)
      waiting.push({ lookup, places })
    }
    if (waiting.every(({ places }) => places.length === 0)) return
    const answer = await this.ask(fetch, variables)
    this.locate(answer)
    for (const { lookup, places } of waiting) {
      const entities = read(answer.data, lookup.alias)
      const failed = isObject(entities) ? this.failures.get(entities) : undefined
      for (const { object, link, index } of places) {
        const entity = Array.isArray(entities) ? (entities[index] as unknown) : undefined
        const value = missing(entity) && (failed?.has(index) === true || !Array.isArray(entities)) ? FAILED : entity
        const linked = this.links.get(object) ?? new Map<number, unknown>()
        this.links.set(object, linked.set(link, value))
      }
    }
  }

  /** Remembers what a subgraph's errors have made null. */
  private locate({ data, errors }: NaiveAnswer): void {
    for (const { path } of errors ?? []) {
      let at: unknown = data
      for (const step of path ?? []) {
        const next: unknown = isObject(at) ? (at as DataObject)[step] : undefined
        if (isObject(at) && missing(next)) {
          this.failures.set(at, (this.failures.get(at) ?? new Set()).add(step))
          break
        }
        at = next
      }
    }
  }

  private representation({ representation }: LookupTarget, instance: Instance): DataObject | null {
    const built = this.build(representation.fields, instance)
    const keys = representation.fields.filter((field) => field.isKey && this.concerns(field.types, instance))
    if (keys.every(({ name }) => built[name] === null)) return null
    const typename = representation.typename ?? this.typename(instance)
    return typename === undefined ? null : { __typename: typename, ...built }
  }

  private build(fields: readonly RepresentationField[], instance: Instance): DataObject {
    const built: DataObject = {}
    for (const field of fields) {
      if (!this.concerns(field.types, instance)) continue
      const { child } = field
      const value = read(this.object(instance, field.source), field.key)
      built[field.name] =
        child === null
          ? missing(value)
            ? null
            : value
          : mapLists(value, [], (item, indexes) =>
              missing(item) ? null : this.build(child.fields, { position: child.position, parent: instance, indexes }),
            )
    }
    return built
  }

  /** The objects that a source of a position has: others of the position need not be there yet. */
  private instances(id: PositionId, index: number): Instance[] {
    const position = this.position(id)
    if (position.parent === null) return [{ position: id, parent: null, indexes: [] }]
    const source = position.sources[index]
    if (source?.kind === 'link') return this.instances(id, source.of)
    if (source?.kind !== 'field') return this.instances(id, 0)
    return this.instances(position.parent, source.of).flatMap((parent) => {
      if (!this.concerns(position.parentTypes, parent)) return []
      const found: Instance[] = []
      mapLists(read(this.object(parent, source.of), source.key), [], (item, indexes) => {
        if (!missing(item)) found.push({ position: id, parent, indexes })
        return null
      })
      return found
    })
  }

  private object(instance: Instance, index: number): unknown {
    const source = this.position(instance.position).sources[index]
    if (source === undefined) throw new Error(`position ${instance.position} has no source ${index}`)
    if (source.kind === 'root') return this.data[source.fetch]
    if (source.kind === 'link') {
      const object = this.object(instance, source.of)
      return isObject(object) ? this.links.get(object)?.get(source.link) : object === FAILED ? FAILED : undefined
    }
    if (instance.parent === null) throw new Error('the root has no field sources')
    const value = this.value(this.object(instance.parent, source.of), source.key)
    return instance.indexes.reduce<unknown>((list, at) => (list === FAILED ? FAILED : read(list, at)), value)
  }

  /** A property, or FAILED where an error explains that it is missing. */
  private value(object: unknown, key: string | number): unknown {
    if (object === FAILED) return FAILED
    const value = read(object, key)
    return missing(value) && isObject(object) && this.failures.get(object)?.has(key) === true ? FAILED : value
  }

  private typename(instance: Instance): string | undefined {
    const { typename } = this.position(instance.position)
    if ('constant' in typename) return typename.constant
    const name = read(this.object(instance, typename.source), '__typename')
    return typeof name === 'string' ? name : undefined
  }

  private concerns(types: readonly string[] | null, instance: Instance): boolean {
    return types === null || types.includes(this.typename(instance) ?? '')
  }

  private position(id: PositionId) {
    const position = this.plan.positions[id]
    if (position === undefined) throw new Error(`no position ${id}`)
    return position
  }

  respond(): NaiveResult {
    const root: Instance = { position: 0, parent: null, indexes: [] }
    const data = this.project(this.plan.response, root, [])
    return {
      data: data === NULLED ? null : (data as DataObject),
      ...(this.errors.length > 0 && { errors: this.errors }),
    }
  }

  private project(object: ResponseObject, instance: Instance, path: Path): unknown {
    const result = Object.create(null) as DataObject
    for (const field of object.fields) {
      if (field.kind !== 'introspection' && !this.concerns(field.types, instance)) continue
      const value = this.projectField(field, instance, [...path, field.responseKey])
      if (value === NULLED) return NULLED
      result[field.responseKey] = value
    }
    return result
  }

  private projectField(field: ResponseField, instance: Instance, path: Path): unknown {
    if (field.kind === 'denied') return null
    if (field.kind === 'typename') return this.typename(instance)
    if (field.kind === 'introspection') return this.context.introspection?.[field.responseKey]
    const type = typeFromAST(this.context.publicSchema, parseType(field.type) as never) as GraphQLOutputType
    if (field.kind === 'leaf') {
      const leaf = this.value(this.object(instance, field.source), field.key)
      return this.complete(leaf, type, { path, indexes: [], item: (item) => item })
    }
    const [first] = this.position(field.child.position).sources
    if (first?.kind !== 'field') throw new Error(`position ${field.child.position} does not begin with a field`)
    const value = this.value(this.object(instance, first.of), first.key)
    const project: Completing['item'] = (item, at, indexes) => {
      const child = { position: field.child.position, parent: instance, indexes }
      const name = this.typename(child)
      if (name === undefined || this.context.publicSchema.getType(name) === undefined) return FAILED
      return isObject(item) ? this.project(field.child, child, at) : FAILED
    }
    return this.complete(value, type, { path, indexes: [], item: project })
  }

  private complete(value: unknown, type: GraphQLOutputType, completing: Completing): unknown {
    const { path } = completing
    const inner = getNullableType(type)
    let result: unknown = value
    if (missing(value)) result = value
    else if (isListType(inner)) result = this.completeList(value, inner.ofType, completing)
    else if (isEnumType(inner) && inner.getValue(String(value)) === undefined) result = FAILED
    else result = completing.item(value, path, completing.indexes)
    // Scalars of GraphQL's own have no definition in the schema.
    if (isLeafType(inner) && typeof result === 'object' && result !== null && inner.astNode === undefined)
      result = FAILED
    if (!missing(result) && result !== NULLED) return result
    if (result === FAILED) this.errors.push({ message: 'failed', path })
    else if (isNonNullType(type) && result !== NULLED) this.errors.push({ message: 'null is not allowed', path })
    return isNonNullType(type) ? NULLED : null
  }

  private completeList(value: unknown, type: GraphQLOutputType, completing: Completing): unknown {
    if (!Array.isArray(value)) return FAILED
    const items: unknown[] = []
    for (const index of value.keys()) {
      const path = [...completing.path, index]
      const indexes = [...completing.indexes, index]
      const item = this.complete(this.value(value, index), type, { ...completing, path, indexes })
      if (item === NULLED) return NULLED
      items.push(item)
    }
    return items
  }
}

/** Where a value stands, and what becomes of it, or of each item of its lists. */
interface Completing {
  readonly path: Path
  readonly indexes: readonly number[]
  readonly item: (item: unknown, path: Path, indexes: readonly number[]) => unknown
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function missing(value: unknown): boolean {
  return value === null || value === undefined || value === FAILED
}

function read(object: unknown, key: string | number): unknown {
  return isObject(object) && Object.hasOwn(object, key) ? (object as DataObject)[key] : undefined
}

function mapLists(
  value: unknown,
  indexes: readonly number[],
  map: (item: unknown, indexes: readonly number[]) => unknown,
): unknown {
  return Array.isArray(value) ? value.map((item, at) => mapLists(item, [...indexes, at], map)) : map(value, indexes)
}
