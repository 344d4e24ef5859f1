// A subgraph's own schema as our checks read it: types with their extensions put together, federation's directives by their real names.
import {
  Kind,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputObjectTypeDefinitionNode,
  type InputObjectTypeExtensionNode,
  type InterfaceTypeDefinitionNode,
  type InterfaceTypeExtensionNode,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  type InputValueDefinitionNode,
  type TypeDefinitionNode,
  type TypeExtensionNode,
  type TypeNode,
} from 'graphql'
import { appliedDirectives, stringValue, type DirectiveValues } from '../supergraph/directive-values.ts'
import { directiveName, findFeature, linkedFeatures, type LinkedFeature } from '../supergraph/linked-features.ts'

export type TypeKind = 'scalar' | 'object' | 'interface' | 'union' | 'enum' | 'input'

export interface SubgraphModel {
  readonly name: string
  /** Links a federation specification; Federation 1 shares its value types and extends without saying so. */
  readonly isFederation2: boolean
  readonly features: readonly LinkedFeature[]
  readonly types: ReadonlyMap<string, SubgraphType>
}

interface Applied {
  /** Where it stands in the SDL, from 1. */
  readonly line: number
  readonly directives: readonly ConstDirectiveNode[]
  readonly applied: (name: FederationDirective) => DirectiveValues[]
}

export interface SubgraphType extends Applied {
  readonly name: string
  readonly kind: TypeKind
  readonly interfaces: ReadonlySet<string>
  /** Of unions. */
  readonly members: readonly string[]
  /** Of objects and interfaces. */
  readonly fields: ReadonlyMap<string, SubgraphField>
  /** Of input types. */
  readonly inputFields: readonly InputValueDefinitionNode[]
  /** Of enums. */
  readonly values: ReadonlySet<string>
}

export interface SubgraphField extends Applied {
  readonly name: string
  readonly type: TypeNode
  readonly namedType: string
  readonly arguments: readonly InputValueDefinitionNode[]
}

export type FederationDirective =
  'key' | 'requires' | 'provides' | 'external' | 'shareable' | 'override' | 'interfaceObject' | 'extends'

const KINDS: ReadonlyMap<string, TypeKind> = new Map<string, TypeKind>([
  [Kind.SCALAR_TYPE_DEFINITION, 'scalar'],
  [Kind.SCALAR_TYPE_EXTENSION, 'scalar'],
  [Kind.OBJECT_TYPE_DEFINITION, 'object'],
  [Kind.OBJECT_TYPE_EXTENSION, 'object'],
  [Kind.INTERFACE_TYPE_DEFINITION, 'interface'],
  [Kind.INTERFACE_TYPE_EXTENSION, 'interface'],
  [Kind.UNION_TYPE_DEFINITION, 'union'],
  [Kind.UNION_TYPE_EXTENSION, 'union'],
  [Kind.ENUM_TYPE_DEFINITION, 'enum'],
  [Kind.ENUM_TYPE_EXTENSION, 'enum'],
  [Kind.INPUT_OBJECT_TYPE_DEFINITION, 'input'],
  [Kind.INPUT_OBJECT_TYPE_EXTENSION, 'input'],
])

/** The document must carry locations. */
export function readSubgraph(name: string, document: DocumentNode): SubgraphModel {
  const features = linkedFeatures(document)
  const isFederation2 = findFeature(features, 'federation') !== null
  const nodes = new Map<string, (TypeDefinitionNode | TypeExtensionNode)[]>()
  for (const node of document.definitions) {
    if (!isTypeNode(node)) continue
    nodes.set(node.name.value, [...(nodes.get(node.name.value) ?? []), node])
  }
  const nameOf = (directive: FederationDirective): string =>
    directiveName(features, 'federation', directive) ?? directive
  const types = new Map([...nodes].map(([typeName, all]) => [typeName, readType(typeName, all, nameOf)]))
  return { name, isFederation2, features, types }
}

function isTypeNode(node: DocumentNode['definitions'][number]): node is TypeDefinitionNode | TypeExtensionNode {
  return KINDS.has(node.kind)
}

function readType(
  name: string,
  nodes: readonly (TypeDefinitionNode | TypeExtensionNode)[],
  nameOf: (directive: FederationDirective) => string,
): SubgraphType {
  const interfaces = nodes.flatMap((node) => ('interfaces' in node ? (node.interfaces ?? []) : []))
  const members = nodes.flatMap((node) => ('types' in node ? (node.types ?? []) : []))
  const fields = nodes.flatMap((node) =>
    isFielded(node) ? (node.fields ?? []).map((field) => readField(field, nameOf)) : [],
  )
  const directives = nodes.flatMap((node) => node.directives ?? [])
  const values = nodes.flatMap((node) => ('values' in node ? (node.values ?? []) : []))
  return {
    name,
    kind: KINDS.get(nodes[0]?.kind ?? '') ?? 'scalar',
    line: nodes[0]?.loc?.startToken.line ?? 1,
    directives,
    applied: (directive) => appliedDirectives({ directives }, nameOf(directive)),
    interfaces: new Set(interfaces.map((each) => each.name.value)),
    members: members.map((each) => each.name.value),
    fields: new Map(fields.map((field) => [field.name, field])),
    inputFields: nodes.flatMap((node) => (isInput(node) ? (node.fields ?? []) : [])),
    values: new Set(values.map((each) => each.name.value)),
  }
}

type FieldedNode =
  ObjectTypeDefinitionNode | ObjectTypeExtensionNode | InterfaceTypeDefinitionNode | InterfaceTypeExtensionNode
type InputNode = InputObjectTypeDefinitionNode | InputObjectTypeExtensionNode

function isFielded(node: TypeDefinitionNode | TypeExtensionNode): node is FieldedNode {
  const kind = KINDS.get(node.kind)
  return kind === 'object' || kind === 'interface'
}

function isInput(node: TypeDefinitionNode | TypeExtensionNode): node is InputNode {
  return KINDS.get(node.kind) === 'input'
}

function readField(node: FieldDefinitionNode, nameOf: (directive: FederationDirective) => string): SubgraphField {
  return {
    name: node.name.value,
    type: node.type,
    namedType: namedType(node.type),
    arguments: node.arguments ?? [],
    line: node.name.loc?.startToken.line ?? 1,
    directives: node.directives ?? [],
    applied: (directive) => appliedDirectives(node, nameOf(directive)),
  }
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type)
}

/** @external, on the field or on its whole type. */
export function isExternal(type: SubgraphType, field: SubgraphField): boolean {
  return field.applied('external').length > 0 || type.applied('external').length > 0
}

/** The text of `fields:`, where it is one. */
export function fieldsText(values: DirectiveValues): string | null {
  return stringValue(values, 'fields')
}

/** Concrete types that a type of the subgraph stands for there. */
export function concreteTypes({ types }: SubgraphModel, name: string): SubgraphType[] {
  const type = types.get(name)
  if (type === undefined) return []
  if (type.kind === 'object') return [type]
  if (type.kind === 'union') return type.members.flatMap((member) => types.get(member) ?? [])
  return [...types.values()].filter((each) => each.kind === 'object' && each.interfaces.has(name))
}
