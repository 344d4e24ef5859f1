// The specifications that a supergraph links (@link, @core): the names of their directives here, and which of them this gateway enforces.
// The link specification forbids to go on over a feature `for: EXECUTION` or `for: SECURITY` that one does not know.
import { Kind, type DocumentNode, type SchemaDefinitionNode, type SchemaExtensionNode } from 'graphql'
import { appliedDirectives, stringValue, type DirectiveValues } from './directive-values.ts'

export interface LinkedFeature {
  readonly url: string
  /** Without the version: `https://specs.apollo.dev/join`. */
  readonly identity: string
  readonly version: string
  /** Names in this document begin with it and `__`. */
  readonly prefix: string
  readonly purpose: 'EXECUTION' | 'SECURITY' | null
  /** Name in the specification to the name here, `@key` to `@k`. */
  readonly imports: ReadonlyMap<string, string>
}

const APOLLO = 'https://specs.apollo.dev/'
const JOIN_VERSIONS = ['v0.1', 'v0.2', 'v0.3', 'v0.4', 'v0.5']
/** Directives that compositions print without their feature's prefix and without importing them. */
const UNPREFIXED: ReadonlyMap<string, string> = new Map([[`${APOLLO}cost`, 'listSize']])
/** By identity; versions add directives that are refused by themselves. */
const ENFORCED = new Set(['link', 'core', 'inaccessible', 'tag', 'cost'].map((name) => APOLLO + name))
/** Those that say who may see what: what another version of them says is not known. */
const ACCESS_VERSION = 'v0.1'
const ACCESS = new Set(['authenticated', 'requiresScopes', 'policy'].map((name) => APOLLO + name))

export function linkedFeatures(supergraph: DocumentNode): LinkedFeature[] {
  return schemaNodes(supergraph).flatMap((schema) =>
    [...appliedDirectives(schema, 'link'), ...appliedDirectives(schema, 'core')].flatMap(toFeature),
  )
}

export function schemaNodes(document: DocumentNode): (SchemaDefinitionNode | SchemaExtensionNode)[] {
  return document.definitions.filter(
    (definition) => definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION,
  )
}

export function findFeature(features: readonly LinkedFeature[], name: string): LinkedFeature | null {
  return features.find(({ identity }) => identity === APOLLO + name) ?? null
}

/** The name that a directive of a feature has here; null where it is not linked. */
export function directiveName(features: readonly LinkedFeature[], feature: string, name: string): string | null {
  return directiveNames(features, feature, name)[0] ?? null
}

/** All its names, where a feature is linked more than once. */
export function directiveNames(features: readonly LinkedFeature[], feature: string, name: string): readonly string[] {
  return features
    .filter(({ identity }) => identity === APOLLO + feature)
    .map(({ imports, prefix }) => imports.get(`@${name}`) ?? (name === feature ? prefix : `${prefix}__${name}`))
}

/** Whether a type or directive of this name belongs to a linked specification of federation, and is nothing of the subgraphs' own. */
export function isNamedByFeature(features: readonly LinkedFeature[], name: string): boolean {
  return features.some(({ identity, prefix, imports }) => {
    if (!identity.startsWith(APOLLO)) return false
    if (name === prefix || name.startsWith(`${prefix}__`) || UNPREFIXED.get(identity) === name) return true
    return imports.size > 0 && [...imports.values()].includes(name)
  })
}

/** A sentence for each feature that must not be passed over; empty where all are known. */
export function unenforcedFeatures(features: readonly LinkedFeature[]): string[] {
  const problems: string[] = []
  if (findFeature(features, 'join') === null) {
    problems.push(
      'It links no join specification: it is not a supergraph. Compose the subgraphs with `meshgate compose`.',
    )
  }
  for (const { url, identity, version, purpose } of features) {
    if (identity === `${APOLLO}join`) {
      if (JOIN_VERSIONS.includes(version)) continue
      problems.push(
        `It was composed with ${url}, and this gateway knows join ${JOIN_VERSIONS.join(', ')}. Compose it with \`meshgate compose\`.`,
      )
    } else if (ACCESS.has(identity)) {
      if (version !== ACCESS_VERSION) problems.push(describeVersion(url))
    } else if (purpose !== null && !ENFORCED.has(identity)) {
      problems.push(describeUnenforced(url, purpose))
    }
  }
  return problems
}

function describeVersion(url: string): string {
  return `It links ${url}, and this gateway knows ${ACCESS_VERSION} of it. Fields that it protects could be open: compose it with \`meshgate compose\`.`
}

function describeUnenforced(url: string, purpose: 'EXECUTION' | 'SECURITY'): string {
  return `It links ${url} for ${purpose}, which this gateway does not enforce. Take its directives out of the subgraphs, and compose them anew.`
}

function toFeature(values: DirectiveValues): LinkedFeature[] {
  const url = stringValue(values, 'url') ?? stringValue(values, 'feature')
  if (url === null) return []
  const parts = /^(.*?)(?:\/(v\d+\.\d+))?\/?$/.exec(url)
  const identity = parts?.[1] ?? url
  const purpose = stringValue(values, 'for')
  return [
    {
      url,
      identity,
      version: parts?.[2] ?? '',
      prefix: stringValue(values, 'as') ?? identity.slice(identity.lastIndexOf('/') + 1),
      purpose: purpose === 'EXECUTION' || purpose === 'SECURITY' ? purpose : null,
      imports: readImports(values['import']),
    },
  ]
}

function readImports(value: unknown): ReadonlyMap<string, string> {
  const imports = new Map<string, string>()
  for (const each of Array.isArray(value) ? (value as unknown[]) : []) {
    if (typeof each === 'string') imports.set(each, each.replace('@', ''))
    else if (typeof each === 'object' && each !== null && 'name' in each && typeof each.name === 'string') {
      const as = 'as' in each && typeof each.as === 'string' ? each.as : each.name
      imports.set(each.name, as.replace('@', ''))
    }
  }
  return imports
}
