// The data of a random mesh: every value is a function of (seed, object, field, arguments), so that all subgraphs and the merged schema
// agree without anything being stored. A field with @requires is a function of what it requires too. Some fields fail, where asked for.
import {
  getArgumentValues,
  Kind,
  type FieldNode,
  type GraphQLSchema,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql'
import { createFacts, type FactsOf, type FieldFacts } from './field-facts.ts'
import type { MeshModel } from './mesh-model.ts'

export interface FuzzObject {
  readonly type: string
  /** Tells objects of all types apart. */
  readonly id: string
  /** Of an entity: which; else -1. */
  readonly n: number
}

export interface MeshData {
  readonly facts: FactsOf
  /** Null, a leaf, an object or lists of those. `required`: what @requires asked for, canonical; else it is read from the data. */
  read(object: FuzzObject, field: string, args: Readonly<Record<string, unknown>>, required?: string): unknown
  /** Objects by a key, canonical. */
  find(typeName: string, fields: SelectionSetNode, key: string): FuzzObject | undefined
  /** The object of a root type; a mutation has other values for each field that runs. */
  root(type: string): FuzzObject
  reset(): void
  /** What the generator must not make: data that cannot fit. */
  readonly unsound: string[]
}

export interface MeshDataOptions {
  readonly model: MeshModel
  /** Of each subgraph, by name. */
  readonly schemas: ReadonlyMap<string, GraphQLSchema>
  readonly seed: number
  readonly failing: boolean
}

const ENTITIES_OF_A_TYPE = 4
const QUERY_ROOT: FuzzObject = { type: 'Query', id: 'Query', n: -1 }
const SUBSCRIPTION_ROOT: FuzzObject = { type: 'Subscription', id: 'Subscription', n: -1 }

export function createMeshData({ model, schemas, seed, failing }: MeshDataOptions): MeshData {
  const facts = createFacts(model)
  const unsound: string[] = []
  const entities = entityKeys(model)
  const spared = failing ? fieldsThatMustNotFail(model, facts) : null
  const inputs = sharedInputs(model)
  const index = new Map<string, Map<string, FuzzObject>>()
  let mutations = 0

  const read: MeshData['read'] = (object, field, args, required) => {
    const known = facts(object.type, field)
    const leaf = entities.get(object.type)?.get(field)
    if (leaf !== undefined && known.targets === null) return keyLeaf(known, object, leaf)
    const needs = known.requires === null ? '' : (required ?? canonical(readSet(object, known.requires)))
    const text = `${seed}|${object.id}|${field}|${canonical(restrict(args, known.arguments, inputs))}|${needs}`
    const random = hash(text)
    if (spared !== null && random % 6 === 0 && mayFail(known, spared)) {
      if (known.nullable[0] !== true && random % 12 === 0) return null
      throw new Error(`${object.type}.${field} fails`)
    }
    return value(known, { level: 0, text, random })
  }

  const value = (known: FieldFacts, at: { level: number; text: string; random: number }): unknown => {
    const { level, text, random } = at
    if (known.nullable[level] === true && random % 11 === 0) return null
    if (level < known.nullable.length - 1) {
      const items = Array.from({ length: (random >>> 8) % 4 }, (_, each) => `${text}/${each}`)
      return items.map((each) => value(known, { level: level + 1, text: each, random: hash(each) }))
    }
    if (known.targets === null) return leafValue(known, random >>> 3)
    const type = known.targets[(random >>> 3) % known.targets.length]
    if (type === undefined) {
      if (known.nullable[level] !== true) unsound.push(`${known.typeName}.${known.name} has no possible type`)
      return null
    }
    return entities.has(type) ? entity(type, (random >>> 12) % ENTITIES_OF_A_TYPE) : part(type, text)
  }

  const entity = (type: string, n: number): FuzzObject => ({ type, id: `${type}:${n}`, n })
  const part = (type: string, text: string): FuzzObject => ({ type, id: `${type}:${hash(`part ${text}`)}`, n: -1 })

  const readSet = (object: FuzzObject, set: SelectionSetNode): Record<string, unknown> => {
    const result: Record<string, unknown> = {}
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const below = selection.selectionSet
        if (selection.name.value === '__typename') {
          result['__typename'] = object.type
          continue
        }
        const found = read(object, selection.name.value, literalArguments(object.type, selection))
        result[selection.name.value] = eachItem(found, (item) =>
          below === undefined ? item : readSet(item as FuzzObject, below),
        )
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value ?? object.type
        const fits = condition === object.type || model.implementers.get(condition)?.includes(object.type) === true
        if (fits) Object.assign(result, readSet(object, selection.selectionSet))
      }
    }
    return result
  }

  const literalArguments = (typeName: string, node: FieldNode): Record<string, unknown> => {
    if ((node.arguments ?? []).length === 0 && facts(typeName, node.name.value).arguments.size === 0) return {}
    const { graph } = facts(typeName, node.name.value)
    for (const name of [typeName, ...graph.types.keys()]) {
      const type = schemas.get(graph.name)?.getType(name)
      const field = type !== undefined && 'getFields' in type ? type.getFields()[node.name.value] : undefined
      const fits = name === typeName || (graph.types.get(name)?.isInterfaceObject ?? false)
      if (fits && field !== undefined && 'args' in field) return getArgumentValues(field, node)
    }
    return {}
  }

  const indexOf = (typeName: string, fields: SelectionSetNode, text: string): Map<string, FuzzObject> => {
    const id = `${typeName} ${text}`
    const known = index.get(id)
    if (known !== undefined) return known
    const made = new Map<string, FuzzObject>()
    const types = entities.has(typeName) ? [typeName] : (model.implementers.get(typeName) ?? [])
    for (const type of types) {
      for (let n = 0; n < ENTITIES_OF_A_TYPE; n++) {
        const key = canonical(readSet(entity(type, n), fields))
        if (made.has(key)) unsound.push(`two ${typeName} have the key ${key}`)
        made.set(key, entity(type, n))
      }
    }
    index.set(id, made)
    return made
  }

  return {
    facts,
    unsound,
    read,
    find: (typeName, fields, key) => indexOf(typeName, fields, JSON.stringify(fields)).get(key),
    root: (type) => {
      if (type === 'Mutation') return { type, id: `Mutation#${mutations++}`, n: -1 }
      return type === 'Subscription' ? SUBSCRIPTION_ROOT : QUERY_ROOT
    },
    reset: () => void (mutations = 0),
  }
}

/** Which bits of an entity's number a leaf of its keys shows: alone all of it, in a composite key a part. */
type KeyLeaf = 'all' | 'high' | 'low' | 'none'

function entityKeys({ graphs, implementers }: MeshModel): ReadonlyMap<string, ReadonlyMap<string, KeyLeaf>> {
  const result = new Map<string, Map<string, KeyLeaf>>()
  for (const { types } of graphs) {
    for (const type of types.values()) {
      const concrete =
        type.kind === 'interface' || type.isInterfaceObject ? (implementers.get(type.name) ?? []) : [type.name]
      for (const { fields } of type.keys) {
        const leaves = fields.selections.flatMap((each) =>
          each.kind === Kind.FIELD && each.selectionSet === undefined ? [each.name.value] : [],
        )
        for (const name of concrete) {
          const known = result.get(name) ?? new Map<string, KeyLeaf>()
          result.set(name, known)
          const order: KeyLeaf[] = ['high', 'low']
          for (const [at, leaf] of leaves.entries()) {
            if (leaves.length === 1) known.set(leaf, 'all')
            else if (!known.has(leaf)) known.set(leaf, order[at] ?? 'none')
          }
        }
      }
    }
  }
  return result
}

function keyLeaf({ namedType, name }: FieldFacts, object: FuzzObject, leaf: KeyLeaf): unknown {
  const { n, type } = object
  const shown = leaf === 'all' ? n : leaf === 'high' ? n >> 1 : leaf === 'low' ? n & 1 : 0
  if (namedType === 'Int') return leaf === 'all' ? (hash(type) % 1_000_000) * 10 + shown : shown
  return leaf === 'all' ? `${name}-${type}-${shown}` : `${name}${shown}`
}

function leafValue({ namedType, values }: FieldFacts, random: number): unknown {
  if (values !== null) return values[random % values.length] ?? null
  if (namedType === 'Int') return random % 1_000_003
  if (namedType === 'Float') return (random % 1_000_003) / 4
  if (namedType === 'Boolean') return random % 2 === 0
  if (namedType === 'Blob') {
    const blobs = [{ a: random, id: [1, { __typename: 'x' }] }, [random, null], random, `b${random}`, {}]
    return blobs[random % blobs.length]
  }
  return `v${random}`
}

/** Fields that keys, @requires and @provides read; and where any of those reads an object, all that could null it. */
function fieldsThatMustNotFail(model: MeshModel, facts: FactsOf): { fields: ReadonlySet<string>; nonNull: boolean } {
  const fields = new Set<string>()
  let nonNull = false
  const walk = (typeName: string, set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT)
        walk(selection.typeCondition?.name.value ?? typeName, selection.selectionSet)
      if (selection.kind !== Kind.FIELD) continue
      const concrete = model.implementers.get(typeName) ?? [typeName]
      for (const each of concrete) {
        fields.add(`${each}.${selection.name.value}`)
        if (selection.selectionSet === undefined) continue
        nonNull = true
        for (const target of facts(each, selection.name.value).targets ?? []) walk(target, selection.selectionSet)
      }
    }
  }
  for (const { types } of model.graphs) {
    for (const type of types.values()) {
      for (const key of type.keys) walk(type.name, key.fields)
      for (const field of type.fields.values()) {
        if (field.requires !== null) walk(type.name, field.requires)
      }
    }
  }
  return { fields, nonNull }
}

function mayFail(known: FieldFacts, spared: { fields: ReadonlySet<string>; nonNull: boolean }): boolean {
  if (!known.isEven || spared.fields.has(`${known.typeName}.${known.name}`)) return false
  return !spared.nonNull || known.nullable.every(Boolean)
}

/** Fields of input types that every subgraph has which has the type. */
function sharedInputs({ graphs }: MeshModel): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const result = new Map<string, Map<string, string>>()
  for (const { inputs } of graphs) {
    for (const [name, fields] of inputs) {
      const known = result.get(name)
      const own = new Map([...fields].map(([field, type]) => [field, typeNameOf(type)]))
      result.set(name, known === undefined ? own : new Map([...known].filter(([field]) => own.has(field))))
    }
  }
  return result
}

function typeNameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : typeNameOf(type.type)
}

function restrict(
  values: Readonly<Record<string, unknown>>,
  fields: ReadonlyMap<string, string>,
  inputs: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, type] of fields) {
    if (values[name] === undefined) continue
    const inner = inputs.get(type)
    result[name] =
      inner === undefined
        ? values[name]
        : eachItem(values[name], (item) => restrict(item as Record<string, unknown>, inner, inputs))
  }
  return result
}

/** Through lists; null stays null. */
export function eachItem(found: unknown, map: (item: unknown) => unknown): unknown {
  if (found === null || found === undefined) return null
  return Array.isArray(found) ? found.map((item) => eachItem(item, map)) : map(found)
}

/** Equal text for equal values, whatever the order of their keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join()}}`
}

/** 32 bits: FNV-1a, then mixed. */
export function hash(text: string): number {
  let state = 0x811c9dc5
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193)
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return (state ^ (state >>> 16)) >>> 0
}
