// What a product file declares, before anything is known to make sense: names are unique, directives read, types still by name.
import type {
  EnumValueDefinitionNode,
  FieldDefinitionNode,
  InputValueDefinitionNode,
  NameNode,
  TypeNode,
} from 'graphql'
import type { Directive } from './read-directives.ts'

export interface ArgumentDeclaration {
  readonly name: string
  readonly node: InputValueDefinitionNode
  readonly directives: readonly Directive[]
}

export interface FieldDeclaration {
  readonly name: string
  /** Type that has the field: an entity, a value type, Query or Subscription. */
  readonly owner: string
  readonly description: string | null
  readonly node: FieldDefinitionNode
  readonly type: TypeNode
  readonly arguments: readonly ArgumentDeclaration[]
  readonly directives: readonly Directive[]
}

export interface TypeDeclaration {
  readonly name: string
  readonly description: string | null
  readonly nameNode: NameNode
  /** Fields by name, in order of declaration. */
  readonly fields: ReadonlyMap<string, FieldDeclaration>
  readonly directives: readonly Directive[]
}

export interface EnumDeclaration {
  readonly name: string
  readonly description: string | null
  readonly nameNode: NameNode
  readonly values: readonly EnumValueDefinitionNode[]
}

/** A field of an input type. */
export interface InputFieldDeclaration {
  readonly name: string
  readonly node: InputValueDefinitionNode
}

export interface InputDeclaration {
  readonly name: string
  readonly nameNode: NameNode
  readonly description: string | null
  /** Fields by name, in order of declaration. */
  readonly fields: ReadonlyMap<string, InputFieldDeclaration>
  readonly directives: readonly Directive[]
}

export interface Declarations {
  /** Of every `extend schema`. */
  readonly schemaDirectives: readonly Directive[]
  readonly types: ReadonlyMap<string, TypeDeclaration>
  readonly enums: ReadonlyMap<string, EnumDeclaration>
  readonly inputs: ReadonlyMap<string, InputDeclaration>
  readonly query: ReadonlyMap<string, FieldDeclaration>
  readonly subscription: ReadonlyMap<string, FieldDeclaration>
}
