// From the syntax tree to declarations: definitions that the language lacks, duplicate and reserved names, and every directive as applied.
import type {
  DefinitionNode,
  DocumentNode,
  EnumTypeDefinitionNode,
  EnumTypeExtensionNode,
  FieldDefinitionNode,
  InputObjectTypeDefinitionNode,
  InputValueDefinitionNode,
  NameNode,
  ObjectTypeDefinitionNode,
  ObjectTypeExtensionNode,
  StringValueNode,
} from 'graphql'
import { schemaLimits } from '../schema-limits.ts'
import { HIDDEN_COLUMNS } from '../tables.ts'
import type {
  ArgumentDeclaration,
  Declarations,
  EnumDeclaration,
  FieldDeclaration,
  InputDeclaration,
  InputFieldDeclaration,
  TypeDeclaration,
} from './declarations.ts'
import { suggestName } from './nearest-name.ts'
import { type Directive, readDirectives } from './read-directives.ts'
import type { Reporter } from './reporter.ts'
import { isScalarName, scalarNames } from './scalars.ts'

interface Collected {
  readonly schemaDirectives: Directive[]
  readonly types: Map<string, TypeDeclaration>
  readonly enums: Map<string, EnumDeclaration>
  readonly inputs: Map<string, InputDeclaration>
  /** First definition of every name, to tell duplicates of different kinds. */
  readonly names: Map<string, NameNode>
}

const UNSUPPORTED: Readonly<Partial<Record<DefinitionNode['kind'], readonly [what: string, fix: string]>>> = {
  InterfaceTypeDefinition: ['An interface', 'Declare object types with the fields that they have in common.'],
  InterfaceTypeExtension: ['An interface', 'Declare object types with the fields that they have in common.'],
  UnionTypeDefinition: ['A union', 'Declare one object type with a nullable field for each member.'],
  UnionTypeExtension: ['A union', 'Declare one object type with a nullable field for each member.'],
  InputObjectTypeExtension: ['An extension of an input type', 'Declare all its fields in one `input`.'],
  DirectiveDefinition: ['A directive definition', 'Remove it: the directives of the language are known.'],
  OperationDefinition: ['An operation', 'Remove it: a product file declares types only.'],
  FragmentDefinition: ['A fragment', 'Remove it: a product file declares types only.'],
  SchemaDefinition: ['A schema definition', 'Write `extend schema` with the directives, and no root types.'],
  ScalarTypeExtension: ['An extension of a scalar', 'Remove it.'],
}

const describe = (node: StringValueNode | undefined): string | null => node?.value ?? null

function checkTypeName(node: NameNode, collected: Collected, reporter: Reporter): boolean {
  const name = node.value
  if (collected.names.has(name)) {
    const line = reporter.locate(collected.names.get(name) ?? node).line
    reporter.error(
      'NAME_DUPLICATE',
      node,
      `The type "${name}" is declared on line ${line} already.`,
      'Rename or merge one of them.',
    )
    return false
  }
  collected.names.set(name, node)
  const generated = /^(?:PageInfo|.+(?:Connection|Edge))$/.test(name)
  if (generated) {
    reporter.error(
      'NAME_RESERVED',
      node,
      `"${name}" is made by Meshgate.`,
      `Remove the declaration; "${name}" can be used without it.`,
    )
  } else if (isScalarName(name) || name.startsWith('_')) {
    reporter.error(
      'NAME_RESERVED',
      node,
      `"${name}" is a name of GraphQL, Federation or the language.`,
      'Choose another name.',
    )
  }
  return !generated
}

function checkFieldName(node: NameNode, owner: string, reporter: Reporter): void {
  const name = node.value
  const hidden: readonly string[] = Object.values(HIDDEN_COLUMNS)
  if (!name.startsWith('__') && !hidden.includes(name) && name !== '_entities' && name !== '_service') return
  reporter.error(
    'NAME_RESERVED',
    node,
    `"${owner}.${name}" has a name that Meshgate or GraphQL uses itself.`,
    'Choose another name.',
  )
}

function collectArguments(
  node: FieldDefinitionNode,
  owner: string,
  reporter: Reporter,
): readonly ArgumentDeclaration[] {
  const found = new Map<string, ArgumentDeclaration>()
  for (const argument of node.arguments ?? []) {
    const name = argument.name.value
    if (found.has(name)) {
      const message = `"${owner}.${node.name.value}" has the argument "${name}" twice.`
      reporter.error('NAME_DUPLICATE', argument.name, message, 'Keep one of them.')
    } else {
      const directives = readDirectives(argument.directives, 'ARGUMENT_DEFINITION', reporter)
      found.set(name, { name, node: argument, directives })
    }
  }
  return [...found.values()]
}

function collectFields(
  nodes: readonly FieldDefinitionNode[],
  owner: string,
  reporter: Reporter,
): Map<string, FieldDeclaration> {
  const found = new Map<string, FieldDeclaration>()
  const surplus = nodes[schemaLimits.typeFieldsMax]
  if (surplus !== undefined) {
    const message = `"${owner}" has ${nodes.length} fields.`
    reporter.error('TYPE_TOO_LARGE', surplus.name, message, `Declare at most ${schemaLimits.typeFieldsMax}.`)
  }
  for (const node of nodes.slice(0, schemaLimits.typeFieldsMax)) {
    const name = node.name.value
    const earlier = found.get(name)
    checkFieldName(node.name, owner, reporter)
    if (earlier !== undefined) {
      const line = reporter.locate(earlier.node.name).line
      reporter.error(
        'NAME_DUPLICATE',
        node.name,
        `"${owner}.${name}" is declared on line ${line} already.`,
        'Rename or remove one of them.',
      )
      continue
    }
    found.set(name, {
      name,
      owner,
      description: describe(node.description),
      node,
      type: node.type,
      arguments: collectArguments(node, owner, reporter),
      directives: readDirectives(node.directives, 'FIELD_DEFINITION', reporter),
    })
  }
  return found
}

function collectObject(
  node: ObjectTypeDefinitionNode | ObjectTypeExtensionNode,
  collected: Collected,
  reporter: Reporter,
): void {
  const name = node.name.value
  const root = name === 'Query' || name === 'Subscription'
  if (name === 'Mutation') {
    const fix = 'Remove it: data changes by records on the topic.'
    reporter.error('PRODUCT_DEFINITION_UNSUPPORTED', node.name, 'A product has no mutations.', fix)
    return
  }
  // `extend type Query` says what `type Query` says; an extension of a type not declared here is another product's entity.
  const earlier = collected.types.get(name)
  const extension = node.kind === 'ObjectTypeExtension'
  const merged = earlier !== undefined && (extension || root)
  if (!merged && !checkTypeName(node.name, collected, reporter)) return
  for (const implemented of node.interfaces ?? []) {
    const message = `"${name}" implements "${implemented.name.value}", and the language has no interfaces.`
    reporter.error('PRODUCT_DEFINITION_UNSUPPORTED', implemented, message, 'Remove `implements`.')
  }
  const fieldNodes = [
    ...(earlier === undefined ? [] : [...earlier.fields.values()].map((field) => field.node)),
    ...(node.fields ?? []),
  ]
  const directiveNodes = [...(merged ? earlier.directives.map((one) => one.node) : []), ...(node.directives ?? [])]
  if (fieldNodes.length === 0 && !extension) {
    reporter.error('TYPE_EMPTY', node.name, `The type "${name}" has no fields.`, 'Give it a field, or remove it.')
  }
  collected.types.set(name, {
    name,
    description: merged
      ? (earlier.description ?? null)
      : node.kind === 'ObjectTypeDefinition'
        ? describe(node.description)
        : null,
    nameNode: merged ? earlier.nameNode : node.name,
    fields: collectFields(merged ? fieldNodes : (node.fields ?? []), name, reporter),
    directives: readDirectives(directiveNodes, 'OBJECT', reporter),
  })
}

function collectEnum(
  node: EnumTypeDefinitionNode | EnumTypeExtensionNode,
  collected: Collected,
  reporter: Reporter,
): void {
  if (node.kind === 'EnumTypeExtension') {
    const fix = 'Declare all values in one `enum`.'
    reporter.error('PRODUCT_DEFINITION_UNSUPPORTED', node.name, 'An extension of an enum is not supported.', fix)
    return
  }
  if (!checkTypeName(node.name, collected, reporter)) return
  const name = node.name.value
  readDirectives(node.directives, 'ENUM', reporter)
  const values = new Map<string, NonNullable<EnumTypeDefinitionNode['values']>[number]>()
  for (const value of node.values ?? []) {
    readDirectives(value.directives, 'ENUM_VALUE', reporter)
    if (values.has(value.name.value)) {
      const message = `The enum "${name}" has the value ${value.name.value} twice.`
      reporter.error('NAME_DUPLICATE', value.name, message, 'Keep one of them.')
    } else values.set(value.name.value, value)
  }
  if (values.size === 0) {
    reporter.error('TYPE_EMPTY', node.name, `The enum "${name}" has no values.`, 'Give it a value, or remove it.')
  }
  collected.enums.set(name, {
    name,
    description: describe(node.description),
    nameNode: node.name,
    values: [...values.values()],
  })
}

function collectInputField(
  node: InputValueDefinitionNode,
  owner: string,
  found: Map<string, InputFieldDeclaration>,
  reporter: Reporter,
): void {
  const name = node.name.value
  checkFieldName(node.name, owner, reporter)
  for (const directive of readDirectives(node.directives, 'INPUT_FIELD_DEFINITION', reporter)) {
    const message = `@${directive.name} means nothing on "${owner}.${name}": what is read is in no graph.`
    reporter.error('DIRECTIVE_MISPLACED', directive.node, message, 'Remove it.')
  }
  if (node.defaultValue !== undefined) {
    const message = `"${owner}.${name}" has a default, and what is read has the values of its owner.`
    const fix = 'Remove it; choose another value in the expression, as in name == null ? dyn("none") : name.'
    reporter.error('PRODUCT_DEFINITION_UNSUPPORTED', node.defaultValue, message, fix)
  }
  const earlier = found.get(name)
  if (earlier === undefined) found.set(name, { name, node })
  else {
    const line = reporter.locate(earlier.node.name).line
    const message = `"${owner}.${name}" is declared on line ${line} already.`
    reporter.error('NAME_DUPLICATE', node.name, message, 'Rename or remove one of them.')
  }
}

function collectInput(node: InputObjectTypeDefinitionNode, collected: Collected, reporter: Reporter): void {
  if (!checkTypeName(node.name, collected, reporter)) return
  const name = node.name.value
  const nodes = node.fields ?? []
  const [first] = nodes
  if (first === undefined) {
    const message = `The input type "${name}" has no fields.`
    reporter.error('TYPE_EMPTY', node.name, message, 'Give it the fields that are read, or remove it.')
  }
  const surplus = nodes[schemaLimits.typeFieldsMax]
  if (surplus !== undefined) {
    const message = `"${name}" has ${nodes.length} fields.`
    reporter.error('TYPE_TOO_LARGE', surplus.name, message, `Declare at most ${schemaLimits.typeFieldsMax}.`)
  }
  const fields = new Map<string, InputFieldDeclaration>()
  for (const field of nodes.slice(0, schemaLimits.typeFieldsMax)) collectInputField(field, name, fields, reporter)
  const directives = readDirectives(node.directives, 'INPUT_OBJECT', reporter)
  for (const directive of directives.filter((one) => one.passed !== null)) {
    const message = `@${directive.name} means nothing on "${name}": what is read is in no graph.`
    reporter.error('DIRECTIVE_MISPLACED', directive.node, message, 'Remove it.')
  }
  collected.inputs.set(name, { name, nameNode: node.name, description: describe(node.description), fields, directives })
}

function collectDefinition(node: DefinitionNode, collected: Collected, reporter: Reporter): void {
  switch (node.kind) {
    case 'SchemaExtension':
      if (node.operationTypes !== undefined && node.operationTypes.length > 0) {
        const fix = 'Remove the root types: they are always Query and Subscription.'
        reporter.error('PRODUCT_DEFINITION_UNSUPPORTED', node, '`extend schema` cannot name root types.', fix)
      }
      return
    case 'ObjectTypeDefinition':
    case 'ObjectTypeExtension':
      return collectObject(node, collected, reporter)
    case 'EnumTypeDefinition':
    case 'EnumTypeExtension':
      return collectEnum(node, collected, reporter)
    case 'InputObjectTypeDefinition':
      return collectInput(node, collected, reporter)
    case 'ScalarTypeDefinition':
      // Declaring a scalar of the language is harmless: editors want it.
      if (!isScalarName(node.name.value)) {
        const fix = suggestName(node.name.value, scalarNames)
        reporter.error('TYPE_UNKNOWN', node.name, `The language has no scalar "${node.name.value}".`, fix)
      }
      return
    default: {
      const [what, fix] = UNSUPPORTED[node.kind] ?? ['This definition', 'Remove it.']
      const at = 'name' in node && node.name !== undefined ? node.name : node
      reporter.error('PRODUCT_DEFINITION_UNSUPPORTED', at, `${what} is no part of the product language.`, fix)
    }
  }
}

export function collectDeclarations(document: DocumentNode, reporter: Reporter): Declarations {
  const collected: Collected = {
    schemaDirectives: [],
    types: new Map(),
    enums: new Map(),
    inputs: new Map(),
    names: new Map(),
  }
  // Definitions before extensions, so that an extension finds what it extends wherever it stands.
  const extensions = document.definitions.filter((node) => node.kind === 'ObjectTypeExtension')
  const others = document.definitions.filter((node) => node.kind !== 'ObjectTypeExtension')
  for (const node of [...others, ...extensions]) collectDefinition(node, collected, reporter)
  // All `extend schema` together, so that a directive repeated in another of them is seen.
  const schemaNodes = document.definitions.flatMap((node) =>
    node.kind === 'SchemaExtension' || node.kind === 'SchemaDefinition' ? (node.directives ?? []) : [],
  )
  const schemaDirectives = readDirectives(schemaNodes, 'SCHEMA', reporter)
  const { types, enums, inputs } = collected
  const query = types.get('Query')?.fields ?? new Map<string, FieldDeclaration>()
  const subscription = types.get('Subscription')?.fields ?? new Map<string, FieldDeclaration>()
  for (const root of ['Query', 'Subscription']) {
    for (const directive of types.get(root)?.directives ?? []) {
      const message = `@${directive.name} cannot stand on the type ${root}.`
      reporter.error('DIRECTIVE_MISPLACED', directive.node, message, 'Remove it.')
    }
    types.delete(root)
  }
  return { schemaDirectives, types, enums, inputs, query, subscription }
}
