// Whether the answer of the plan's only fetch is the response: then its document asks for the client's keys in the client's order.
import type { OperationDefinitionNode } from 'graphql'
import { typesOf, type PlannedField, type PlannedObject } from './plan-object.ts'
import type { Entry, Request, Selection, Site } from './planning.ts'

interface Scope {
  /** What stands under a key, wherever the subgraph may merge selections. */
  readonly shapes: Map<string, string>
  readonly below: Map<string, Scope>
}

/** The response key of every entry that the response shows. */
type Shown = Map<Entry, string>

/** The selection to ask; null where the plan is not of that kind. Entries then have the client's keys. */
export function writePassthrough(
  requests: readonly Request[],
  operation: OperationDefinitionNode,
  response: PlannedObject,
): string | null {
  const [request, ...others] = requests
  if (operation.operation !== 'query' || request === undefined || others.length > 0) return null
  // A subgraph's root type may have another name.
  if (response.fields.some(({ kind }) => kind === 'typename')) return null
  const shown: Shown = new Map()
  const text = writeObject(shown, response, createScope())
  if (text === null || !showsAll(request.selection, shown)) return null
  for (const [entry, key] of shown) entry.key = key
  return text
}

function createScope(): Scope {
  return { shapes: new Map(), below: new Map() }
}

function writeObject(shown: Shown, { site, fields }: PlannedObject, scope: Scope): string | null {
  if (site.sources.length !== 1 || fields.length === 0) return null
  // Where the type is read, the client must ask for it too.
  if (site.typename !== null && !fields.some((field) => isPlainTypename(field, site))) return null
  const parts: { readonly type: string | null; text: string }[] = []
  for (const field of fields) {
    const written = writeField(shown, field, scope)
    if (written === null) return null
    for (const type of written.isConditional ? typesOf(field) : [null]) {
      const last = parts.at(-1)
      if (last !== undefined && last.type === type) last.text += ` ${written.text}`
      else parts.push({ type, text: written.text })
    }
  }
  return `{${parts.map(({ type, text }) => (type === null ? text : `... on ${type}{${text}}`)).join(' ')}}`
}

function isPlainTypename(field: PlannedField, site: Site): boolean {
  return (
    field.kind === 'typename' &&
    field.item.responseKey === '__typename' &&
    field.item.types.length === site.types.length
  )
}

function writeField(
  shown: Shown,
  field: PlannedField,
  scope: Scope,
): { readonly text: string; readonly isConditional: boolean } | null {
  const { responseKey } = field.item
  if (field.kind === 'introspection' || field.kind === 'denied' || responseKey in Object.prototype) return null
  if (field.kind === 'typename') return writeTypename(responseKey, scope)
  const entry = field.kind === 'leaf' ? field.placement.entry : entryOf(field.child.site)
  // A leaf that no source has is not asked.
  if (entry === null || entry.name === '' || (shown.get(entry) ?? responseKey) !== responseKey) return null
  if (!fits(scope, responseKey, entry.shape)) return null
  shown.set(entry, responseKey)
  const below = scope.below.get(responseKey) ?? createScope()
  scope.below.set(responseKey, below)
  const selection = field.kind === 'leaf' ? '' : writeObject(shown, field.child, below)
  if (selection === null) return null
  const name = responseKey === entry.name ? entry.name : `${responseKey}: ${entry.name}`
  const written = entry.arguments === '' ? '' : `(${entry.arguments})`
  return { text: `${name}${written}${selection}`, isConditional: entry.types !== null }
}

function writeTypename(key: string, scope: Scope): { readonly text: string; readonly isConditional: boolean } | null {
  if (!fits(scope, key, 'String!')) return null
  return { text: key === '__typename' ? key : `${key}: __typename`, isConditional: false }
}

function fits({ shapes }: Scope, key: string, shape: string): boolean {
  const known = shapes.get(key)
  shapes.set(key, shape)
  return known === undefined || known === shape
}

function entryOf({ sources: [source] }: Site): Entry | null {
  return source?.way.kind === 'field' ? source.way.entry : null
}

function showsAll({ entries }: Selection, shown: Shown): boolean {
  return entries.every(
    (entry) =>
      entry.name === '__typename' || (shown.has(entry) && (entry.child === null || showsAll(entry.child, shown))),
  )
}
