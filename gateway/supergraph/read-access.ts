// Who may see what, as a supergraph's @authenticated, @requiresScopes and @policy say it: for every field of every object type all that must
// be met, its type's and its value's type included.
//
// What stands on an interface is asked of the types that implement it as well, unless it says no more than they do together: newer compositions
// write on an interface what they gathered from its types, and one type's secret must not close the same field of another.
import { Kind, type DefinitionNode, type DocumentNode } from 'graphql'
import type { DraftType } from './composite-types.ts'
import { appliedDirectives, type DirectiveValues, type WithDirectives } from './directive-values.ts'
import { directiveNames, type LinkedFeature } from './linked-features.ts'
import { both, OPEN, requirementText, type Alternatives, type Requirement } from './requirements.ts'
import type { Access } from './supergraph.ts'

const NOTHING: Access = { requirements: new Map(), types: new Map(), fields: new Map() }

type Types = ReadonlyMap<string, DraftType>

/** What the document says of each type, and of each field as `Type.field`; absent: nothing. */
type Own = ReadonlyMap<string, Requirement>

export function readAccess(document: DocumentNode, features: readonly LinkedFeature[], types: Types): Access {
  const own = readOwn(document, features)
  if (own.size === 0) return NOTHING
  const requirements = new Map<string, Requirement>()
  const kept = (requirement: Requirement): string => {
    const text = requirementText(requirement)
    if (text !== '') requirements.set(text, requirement)
    return text
  }
  const ofTypes = new Map<string, string>()
  const fields = new Map<string, ReadonlyMap<string, string>>()
  for (const type of types.values()) {
    // An interface object that no type implements is a type of its own.
    if (!type.possibleTypes.includes(type.name)) continue
    const ofType = ofObjectType(own, types, type)
    const text = kept(ofType)
    if (text !== '') ofTypes.set(type.name, text)
    const ofFields = [...type.fields.values()].flatMap(({ name, namedType }) => {
      const whole = [ofField(own, types, type, name), ofValue(own, types, namedType)].reduce(both, ofType)
      const ofThis = kept(whole)
      return ofThis === '' ? [] : [[name, ofThis] as const]
    })
    if (ofFields.length > 0) fields.set(type.name, new Map(ofFields))
  }
  return { requirements, types: ofTypes, fields }
}

function ofObjectType(own: Own, types: Types, type: DraftType): Requirement {
  return type.interfaces.map((name) => addedByInterface(own, types, name, '')).reduce(both, ownOf(own, type.name))
}

function ofField(own: Own, types: Types, type: DraftType, field: string): Requirement {
  const added = type.interfaces.map((name) => addedByInterface(own, types, name, `.${field}`))
  return added.reduce(both, ownOf(own, `${type.name}.${field}`))
}

/** What a field asks since its value is of this type. */
function ofValue(own: Own, types: Types, name: string): Requirement {
  const type = types.get(name)
  if (type?.kind === 'object') return ofObjectType(own, types, type)
  return type?.kind === 'interface' ? addedByInterface(own, types, name, '') : ownOf(own, name)
}

/** `place`: of the interface itself empty, else `.field`. */
function addedByInterface(own: Own, types: Types, name: string, place: string): Requirement {
  const said = ownOf(own, name + place)
  if (said === OPEN) return OPEN
  const together = (types.get(name)?.possibleTypes ?? []).map((type) => ownOf(own, type + place)).reduce(both, OPEN)
  return requirementText(said) === requirementText(together) ? OPEN : said
}

function ownOf(own: Own, place: string): Requirement {
  return own.get(place) ?? OPEN
}

interface Names {
  readonly authenticated: readonly string[]
  readonly requiresScopes: readonly string[]
  readonly policy: readonly string[]
}

function readOwn(document: DocumentNode, features: readonly LinkedFeature[]): Own {
  const names: Names = {
    authenticated: directiveNames(features, 'authenticated', 'authenticated'),
    requiresScopes: directiveNames(features, 'requiresScopes', 'requiresScopes'),
    policy: directiveNames(features, 'policy', 'policy'),
  }
  const own = new Map<string, Requirement>()
  if (Object.values(names).every((each) => each.length === 0)) return own
  const read = (place: string, node: WithDirectives): void => {
    const requirement = readRequirement(node, names)
    if (requirement !== OPEN) own.set(place, requirement)
  }
  for (const node of document.definitions) {
    if (!isProtectable(node)) continue
    read(node.name.value, node)
    for (const field of 'fields' in node ? (node.fields ?? []) : [])
      read(`${node.name.value}.${field.name.value}`, field)
  }
  return own
}

type Protectable = Extract<DefinitionNode, { kind: (typeof PROTECTABLE)[number] }>

const PROTECTABLE = [
  Kind.OBJECT_TYPE_DEFINITION,
  Kind.INTERFACE_TYPE_DEFINITION,
  Kind.UNION_TYPE_DEFINITION,
  Kind.SCALAR_TYPE_DEFINITION,
  Kind.ENUM_TYPE_DEFINITION,
] as const

function isProtectable(node: DefinitionNode): node is Protectable {
  return (PROTECTABLE as readonly string[]).includes(node.kind)
}

function readRequirement(node: WithDirectives, names: Names): Requirement {
  const applied = (of: readonly string[]): DirectiveValues[] => of.flatMap((name) => appliedDirectives(node, name))
  const all = [
    ...applied(names.authenticated).map((): Requirement => ({ ...OPEN, authenticated: true })),
    ...applied(names.requiresScopes).map((values): Requirement => ({
      ...OPEN,
      scopes: readAlternatives(values['scopes']),
    })),
    ...applied(names.policy).map((values): Requirement => ({
      ...OPEN,
      policies: readAlternatives(values['policies']),
    })),
  ]
  return all.reduce(both, OPEN)
}

/** What cannot be read is met by nobody. A value stands for a list of it, as in all of GraphQL. */
function readAlternatives(value: unknown): Alternatives {
  const lists: unknown[] = Array.isArray(value) ? value : [value]
  return lists.flatMap((list) => {
    const names: unknown[] = Array.isArray(list) ? list : [list]
    return names.every((name) => typeof name === 'string') ? [names] : []
  })
}
