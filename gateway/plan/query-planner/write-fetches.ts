// Requests become fetches: lookups of one subgraph that can be asked at the same time go into one document, and those that select the
// same become one field with several targets.
import { print, type VariableDefinitionNode } from 'graphql'
import type { Fetch, FetchId, LinkId, Lookup, LookupTarget } from '../plan.ts'
import { finalRequest, type Depths } from './merge-requests.ts'
import type { PlannedLookup, Planning, Request } from './planning.ts'
import { printSelection, usedVariables } from './print-selection.ts'
import { writeValue } from './write-arguments.ts'

export type Links = ReadonlyMap<Request, LinkId>

export interface FetchWriting {
  readonly planning: Planning
  readonly requests: readonly Request[]
  readonly depths: Depths
  readonly lookups: ReadonlyMap<Request, PlannedLookup>
  readonly definitions: readonly VariableDefinitionNode[]
  /** The document's selection where it is the client's own. */
  readonly passthrough: string | null
  readonly target: (lookup: PlannedLookup, link: LinkId) => LookupTarget
}

export interface WrittenFetches {
  readonly fetches: readonly Fetch[]
  readonly fetchIds: ReadonlyMap<Request, FetchId>
  readonly links: Links
}

interface Group {
  readonly requests: Request[]
  readonly stage: number
  readonly depth: number
}

export function writeFetches(writing: FetchWriting): WrittenFetches {
  const groups = groupRequests(writing)
  const fetchIds = new Map<Request, FetchId>()
  const links = new Map<Request, LinkId>()
  for (const [id, { requests }] of groups.entries()) {
    for (const request of requests) {
      fetchIds.set(request, id)
      if (request.lookup !== null) links.set(request, links.size)
    }
  }
  return { fetches: groups.map((group) => writeFetch(writing, group, { fetchIds, links })), fetchIds, links }
}

/** In the order of stages, then of depths. */
function groupRequests({ requests, depths }: FetchWriting): Group[] {
  const groups = new Map<string, Group>()
  for (const [index, request] of requests.entries()) {
    const depth = depths.get(request) ?? 0
    const { stage, graph, lookup } = request
    const key = `${stage} ${depth} ${graph} ${lookup === null ? index : 'lookups'}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { requests: [request], stage, depth })
    else group.requests.push(request)
  }
  return [...groups.values()].toSorted((a, b) => a.stage - b.stage || a.depth - b.depth)
}

function writeFetch(
  writing: FetchWriting,
  { requests, stage }: Group,
  { fetchIds, links }: { readonly fetchIds: ReadonlyMap<Request, FetchId>; readonly links: Links },
): Fetch {
  const { planning, definitions, passthrough } = writing
  const [first] = requests
  const dependsOn = new Set<FetchId>()
  const used = new Set<string>()
  for (const { dependsOn: before, selection } of requests) {
    for (const each of before) {
      const id = fetchIds.get(finalRequest(each))
      if (id !== undefined) dependsOn.add(id)
    }
    usedVariables(selection, used)
  }
  const own = definitions.filter(({ variable }) => used.has(variable.name.value))
  const printed = own.map(printDefinition)
  const lookups = first?.lookup ? writeLookups(writing, requests, links) : []
  const fields = lookups.map(({ alias, variable, text }) => {
    printed.push(`$${variable}: [_Any!]!`)
    return `${alias === '_entities' ? '' : `${alias}: `}_entities(representations: $${variable})${text}`
  })
  const selection =
    lookups.length > 0 ? `{${fields.join(' ')}}` : (passthrough ?? printSelection(first?.selection ?? EMPTY))
  const operation = first?.operation ?? 'query'
  const head = printed.length === 0 ? '' : `(${printed.join(', ')})`
  return {
    service: planning.supergraph.graphs[first?.graph ?? 0]?.name ?? '',
    dependsOn: [...dependsOn].toSorted((a, b) => a - b),
    stage,
    requiredKey: first?.requiredEntry?.key ?? null,
    query: operation === 'query' && head === '' ? selection : `${operation}${head}${selection}`,
    variables: own.map(({ variable }) => variable.name.value),
    lookups: lookups.map(({ alias, variable, targets }): Lookup => ({ alias, variable, targets })),
  }
}

const EMPTY: Request['selection'] = { graph: 0, statics: [], entries: [], index: new Map(), mergedInto: null }

interface WrittenLookup extends Lookup {
  readonly text: string
}

function writeLookups(writing: FetchWriting, requests: readonly Request[], links: Links): WrittenLookup[] {
  const { lookups, definitions, target } = writing
  const byText = new Map<string, LookupTarget[]>()
  for (const request of requests) {
    const lookup = lookups.get(request)
    if (lookup === undefined) continue
    const selected = printSelection(request.selection)
    const text = lookup.condition === null ? selected : `{... on ${lookup.condition}${selected}}`
    const written = target(lookup, links.get(request) ?? 0)
    const targets = byText.get(text)
    if (targets === undefined) byText.set(text, [written])
    else targets.push(written)
  }
  const taken = new Set(definitions.map(({ variable }) => variable.name.value))
  const free = (name: string): string => (taken.has(name) ? free(`${name}_`) : name)
  return [...byText].map(([text, targets], index) => ({
    alias: byText.size === 1 ? '_entities' : `e${index}`,
    variable: free(byText.size === 1 ? 'representations' : `r${index}`),
    targets,
    text,
  }))
}

function printDefinition({ variable, type, defaultValue }: VariableDefinitionNode): string {
  const written = defaultValue === undefined ? '' : ` = ${writeValue(defaultValue, [])}`
  return `$${variable.name.value}: ${print(type)}${written}`
}
