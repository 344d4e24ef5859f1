// What the SDLs of a mesh say, read without the gateway's own reader: per subgraph its composite types with federation's directives,
// and, over all of them, who resolves a field. The data, the subgraphs and the merged schema of the fuzzer are made from it.
import {
  Kind,
  parse,
  print,
  type ConstDirectiveNode,
  type DefinitionNode,
  type FieldDefinitionNode,
  type SelectionSetNode,
  type TypeNode,
} from 'graphql'

export interface SubgraphSdl {
  readonly name: string
  /** Without the link to federation: `federated` adds it. */
  readonly sdl: string
}

export interface GraphField {
  readonly name: string
  readonly type: TypeNode
  readonly arguments: readonly string[]
  readonly external: boolean
  readonly requires: SelectionSetNode | null
  readonly provides: SelectionSetNode | null
  /** Overridden by another subgraph, or by a label that is not active: nobody may ask it here. */
  readonly dead: boolean
}

export interface GraphKey {
  readonly text: string
  readonly fields: SelectionSetNode
  readonly resolvable: boolean
}

export interface GraphType {
  readonly name: string
  readonly kind: 'object' | 'interface' | 'union'
  readonly isInterfaceObject: boolean
  readonly keys: readonly GraphKey[]
  readonly fields: ReadonlyMap<string, GraphField>
}

export interface GraphModel {
  readonly name: string
  readonly sdl: string
  readonly types: ReadonlyMap<string, GraphType>
  /** Concrete types by the name of an abstract one, as this subgraph knows them. */
  readonly possible: ReadonlyMap<string, readonly string[]>
  readonly enums: ReadonlyMap<string, readonly string[]>
  readonly inputs: ReadonlyMap<string, ReadonlyMap<string, TypeNode>>
}

export interface MeshModel {
  readonly graphs: readonly GraphModel[]
  /** Object types that implement an interface anywhere. */
  readonly implementers: ReadonlyMap<string, readonly string[]>
  readonly inaccessible: ReadonlySet<string>
}

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external", "@provides", "@shareable", "@override", "@interfaceObject", "@inaccessible", "@tag", "@extends"])\n`

export const federated = (sdl: string): string => LINK + sdl

/** Labels of progressive overrides in these meshes: whether one is active is part of its name. */
export const isLabelActive = (label: string): boolean => label === 'percent(100)'

export function readMesh(subgraphs: readonly SubgraphSdl[]): MeshModel {
  const documents = subgraphs.map(({ name, sdl }) => ({
    name,
    sdl,
    definitions: parse(sdl, { noLocation: true }).definitions,
  }))
  const dead = deadFields(documents)
  const graphs = documents.map(({ name, sdl, definitions }) => readGraph({ name, sdl, definitions }, dead))
  const implementers = new Map<string, string[]>()
  const inaccessible = new Set<string>()
  for (const { definitions } of documents) {
    for (const definition of definitions) {
      if (definition.kind === Kind.OBJECT_TYPE_DEFINITION) {
        for (const { name } of definition.interfaces ?? []) addOnce(implementers, name.value, definition.name.value)
        if (directive(definition, 'inaccessible')) inaccessible.add(definition.name.value)
      }
    }
  }
  return { graphs, implementers, inaccessible }
}

interface Definitions {
  readonly name: string
  readonly sdl: string
  readonly definitions: readonly DefinitionNode[]
}

function deadFields(documents: readonly Definitions[]): ReadonlySet<string> {
  const dead = new Set<string>()
  for (const { name, definitions } of documents) {
    for (const definition of definitions) {
      if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue
      for (const field of definition.fields ?? []) {
        const override = directive(field, 'override')
        if (override === undefined) continue
        const label = text(override, 'label')
        const active = label === null || isLabelActive(label)
        dead.add(`${active ? text(override, 'from') : name}.${definition.name.value}.${field.name.value}`)
      }
    }
  }
  return dead
}

function readGraph({ name, sdl, definitions }: Definitions, dead: ReadonlySet<string>): GraphModel {
  const types = new Map<string, GraphType>()
  const possible = new Map<string, string[]>()
  const enums = new Map<string, readonly string[]>()
  const inputs = new Map<string, ReadonlyMap<string, TypeNode>>()
  for (const definition of definitions) {
    if (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION) {
      const type = definition.name.value
      const isObject = definition.kind === Kind.OBJECT_TYPE_DEFINITION
      types.set(type, {
        name: type,
        kind: isObject ? 'object' : 'interface',
        isInterfaceObject: directive(definition, 'interfaceObject') !== undefined,
        keys: readKeys(definition.directives ?? []),
        fields: new Map(
          (definition.fields ?? []).map((field) => [
            field.name.value,
            readField(field, dead.has(`${name}.${type}.${field.name.value}`)),
          ]),
        ),
      })
      if (isObject) for (const each of definition.interfaces ?? []) addOnce(possible, each.name.value, type)
    } else if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      const type = definition.name.value
      types.set(type, { name: type, kind: 'union', isInterfaceObject: false, keys: [], fields: new Map() })
      possible.set(
        type,
        (definition.types ?? []).map((member) => member.name.value),
      )
    } else if (definition.kind === Kind.ENUM_TYPE_DEFINITION) {
      const usable = (definition.values ?? []).filter((value) => !directive(value, 'inaccessible'))
      enums.set(
        definition.name.value,
        usable.map((value) => value.name.value),
      )
    } else if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      const usable = (definition.fields ?? []).filter((field) => !directive(field, 'inaccessible'))
      inputs.set(definition.name.value, new Map(usable.map((field) => [field.name.value, field.type])))
    }
  }
  return { name, sdl, types, possible, enums, inputs }
}

function readKeys(directives: readonly ConstDirectiveNode[]): GraphKey[] {
  return directives
    .filter((each) => each.name.value === 'key')
    .map((key) => {
      const fields = text(key, 'fields') ?? ''
      const resolvable = key.arguments?.find((argument) => argument.name.value === 'resolvable')?.value
      return {
        text: fields,
        fields: fieldSet(fields),
        resolvable: !(resolvable?.kind === Kind.BOOLEAN && !resolvable.value),
      }
    })
}

function readField(field: FieldDefinitionNode, dead: boolean): GraphField {
  const set = (name: string): SelectionSetNode | null => {
    const fields = text(directive(field, name), 'fields')
    return fields === null ? null : fieldSet(fields)
  }
  const usable = (field.arguments ?? []).filter((argument) => !directive(argument, 'inaccessible'))
  return {
    name: field.name.value,
    type: field.type,
    arguments: usable.map((argument) => `${argument.name.value}: ${print(argument.type)}`),
    external: directive(field, 'external') !== undefined,
    requires: set('requires'),
    provides: set('provides'),
    dead,
  }
}

function fieldSet(fields: string): SelectionSetNode {
  const [definition] = parse(`{ ${fields} }`, { noLocation: true }).definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`not a field set: ${fields}`)
  return definition.selectionSet
}

function directive(
  node: { readonly directives?: readonly ConstDirectiveNode[] },
  name: string,
): ConstDirectiveNode | undefined {
  return node.directives?.find((each) => each.name.value === name)
}

function text(node: ConstDirectiveNode | undefined, name: string): string | null {
  const value = node?.arguments?.find((argument) => argument.name.value === name)?.value
  return value?.kind === Kind.STRING ? value.value : null
}

function addOnce(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key) ?? []
  if (!known.includes(value)) known.push(value)
  map.set(key, known)
}
