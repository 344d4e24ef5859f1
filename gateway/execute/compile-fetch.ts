// Compiles a fetch: of root fields, or of entities that it collects, asks for and links to the objects they were looked up for.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Fetch, FetchId, Lookup, Plan } from '../plan/plan.ts'
import { askSubgraph, compileRequest, type CompiledRequest, type ReadResponse } from './ask-subgraph.ts'
import { compileTarget, type CompiledTarget } from './collect-targets.ts'
import type { AskedTarget, Gathering, Incident } from './gathering.ts'
import { newRepresentations } from './known-representations.ts'
import { linkKey } from './link-key.ts'
import { isObject, readKey, type DataObject } from './plain-object.ts'

/** Undefined: nothing to ask. Failures become incidents; it rejects only when the client's signal aborts. */
export type StartFetch = (gathering: Gathering) => Promise<void> | undefined

export interface FetchContext {
  readonly plan: Plan
  /** Fetches whose answers entities are linked to. */
  readonly writtenTo: ReadonlySet<FetchId>
  /** Links whose entities other lookups begin at. */
  readonly starts: ReadonlySet<number>
}

export function compileRootFetch(context: FetchContext, id: FetchId, fetch: Fetch): StartFetch {
  const request = compileRequest(context.plan, fetch, context.writtenTo.has(id))
  return async (gathering) => {
    try {
      const response = await askSubgraph(gathering, request, [])
      if (response !== null) absorbRoot(gathering, id, response)
    } catch (error) {
      fail(gathering, request, { fetch: id, offset: 0, error, lookup: null })
    }
  }
}

/** Also takes the event of a subscription's source. */
export function absorbRoot(gathering: Gathering, id: FetchId, response: ReadResponse): void {
  if (response.data !== null) gathering.roots[id] = response.data
  if (response.errors.length > 0) {
    gathering.incidents.push({ fetch: id, offset: 0, failure: null, ...response })
  }
}

interface CompiledLookup {
  readonly lookup: Lookup
  readonly targets: readonly CompiledTarget[]
}

export interface CompiledLookupFetch {
  /** Links that its walks begin at. */
  readonly startsAt: readonly number[]
  readonly start: StartFetch
}

export function compileLookupFetch(context: FetchContext, id: FetchId, fetch: Fetch): CompiledLookupFetch {
  const request = compileRequest(context.plan, fetch, true)
  const lookups = fetch.lookups.map((lookup): CompiledLookup => ({
    lookup,
    targets: lookup.targets.map((target) => compileTarget(context.plan, target)),
  }))
  const startsAt = lookups.flatMap(({ targets }) => targets.flatMap((target) => target.startsAt ?? []))
  const send = async (gathering: Gathering, wave: Wave, offset: number): Promise<void> => {
    try {
      const response = await askSubgraph(gathering, request, listsFrom(lookups, wave, offset))
      if (response !== null) absorb({ context, request, id, lookups, gathering, wave, offset }, response)
    } catch (error) {
      fail(gathering, request, { fetch: id, offset, error, lookup: null })
    }
  }
  return {
    startsAt,
    start: (gathering) => {
      const wave = lookups.map((lookup) => collect(gathering, lookup))
      const longest = wave.reduce((most, texts) => Math.max(most, texts.length), 0)
      if (longest === 0) return undefined
      const size = limits.representationsPerFetchMax
      if (longest <= size) return send(gathering, wave, 0)
      const sends: Promise<void>[] = []
      for (let offset = 0; offset < longest; offset += size) sends.push(send(gathering, wave, offset))
      return Promise.all(sends).then(() => undefined)
    },
  }
}

/** By lookup: the distinct representations. */
type Wave = readonly (readonly string[])[]

function collect(gathering: Gathering, { targets }: CompiledLookup): readonly string[] {
  const representations = newRepresentations()
  for (const target of targets) gathering.asked[target.link] = target.collect(gathering, representations)
  return representations.texts
}

function listsFrom(
  lookups: readonly CompiledLookup[],
  wave: Wave,
  offset: number,
): { variable: string; list: string }[] {
  return lookups.map(({ lookup }, index) => ({
    variable: lookup.variable,
    list: `[${windowOf(wave[index] ?? [], offset).join(',')}]`,
  }))
}

function windowOf(texts: readonly string[], offset: number): readonly string[] {
  const size = limits.representationsPerFetchMax
  return offset === 0 && texts.length <= size ? texts : texts.slice(offset, offset + size)
}

interface Absorption {
  readonly context: FetchContext
  readonly request: CompiledRequest
  readonly id: FetchId
  readonly lookups: readonly CompiledLookup[]
  readonly gathering: Gathering
  readonly wave: Wave
  readonly offset: number
}

function absorb(absorption: Absorption, { data, errors }: ReadResponse): void {
  const { context, request, id, lookups, gathering, wave, offset } = absorption
  if (errors.length > 0) gathering.incidents.push({ fetch: id, offset, failure: null, errors, data })
  if (data === null) return
  for (const [number, { lookup, targets }] of lookups.entries()) {
    const asked = windowOf(wave[number] ?? [], offset).length
    if (asked === 0) continue
    const entities = readKey(data, lookup.alias)
    const isAnswered = Array.isArray(entities) && entities.length === asked
    if (isAnswered) {
      const failed = errors.length === 0 ? null : failedEntities(errors, lookup.alias)
      for (const { link } of targets) {
        linkEntities(gathering, { link, entities, offset, failed, keep: context.starts.has(link) })
      }
    }
    if (isAnswered ? entities.every(isEntity) : isExplained(entities, errors, lookup.alias)) continue
    const count = Array.isArray(entities) ? entities.length : 'no'
    const message = `Subgraph "${request.service}" answered ${asked} representations with ${count} entities, or with what is no entity.`
    fail(gathering, request, {
      fetch: id,
      offset,
      error: new MeshgateError('SUBGRAPH_PROTOCOL', message),
      lookup: number,
    })
  }
}

function isEntity(value: unknown): boolean {
  return value === null || isObject(value)
}

interface Linking {
  readonly link: number
  readonly entities: readonly unknown[]
  readonly offset: number
  /** Indexes whose null has an error for it; `all` where that cannot be told. */
  readonly failed: ReadonlySet<unknown> | 'all' | null
  readonly keep: boolean
}

/** Whether entities are missing because of what the subgraph reported; another shape than asked for is never right. */
function isExplained(entities: unknown, errors: readonly unknown[], alias: string): boolean {
  if (entities !== null && entities !== undefined) return false
  return errors.some((error) => {
    const path: unknown = isObject(error) ? error['path'] : undefined
    return !Array.isArray(path) || path.length === 0 || path[0] === alias
  })
}

function failedEntities(errors: readonly unknown[], alias: string): ReadonlySet<unknown> | 'all' {
  const failed = new Set<unknown>()
  for (const error of errors) {
    const path: unknown = isObject(error) ? error['path'] : undefined
    if (!Array.isArray(path) || path.length < 2) return 'all'
    if (path[0] === alias) failed.add(path[1])
  }
  return failed
}

function linkEntities(gathering: Gathering, { link, entities, offset, failed, keep }: Linking): void {
  const asked: AskedTarget | undefined = gathering.asked[link]
  if (asked === undefined) return
  const key = linkKey(link)
  const { objects, indexes } = asked
  for (let each = 0; each < objects.length; each++) {
    const index = (indexes[each] ?? 0) - offset
    // Representations of another request of this wave.
    if (index < 0 || index >= entities.length) continue
    const entity = entities[index]
    const object = objects[each] as Record<symbol, unknown>
    if (isObject(entity)) object[key] = entity
    else if (failed === null || (failed !== 'all' && !failed.has(index))) object[key] = null
  }
  if (keep) keepLinked(gathering, { link, entities, offset }, indexes)
}

/** Only the entities that this target asked for: others of the lookup stand elsewhere. */
function keepLinked(
  gathering: Gathering,
  linking: Pick<Linking, 'link' | 'entities' | 'offset'>,
  indexes: readonly number[],
): void {
  const { link, entities, offset } = linking
  const kept: DataObject[] = (gathering.linked[link] ??= [])
  const seen: boolean[] = []
  for (const index of indexes) {
    const entity = entities[index - offset]
    if (!isObject(entity) || seen[index - offset] === true) continue
    seen[index - offset] = true
    kept.push(entity)
  }
}

function fail(
  gathering: Gathering,
  { service }: CompiledRequest,
  { fetch, offset, error, lookup }: { fetch: FetchId; offset: number; error: unknown; lookup: number | null },
): void {
  gathering.request.signal?.throwIfAborted()
  gathering.onSubgraphFailure(service, error)
  const incident: Incident = { fetch, offset, failure: { error, lookup }, errors: [], data: null }
  gathering.incidents.push(incident)
}
