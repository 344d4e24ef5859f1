// A compiled fetch of entities: collects them along its paths, asks for each distinct representation once, and merges the answers
// into every place where the entity stands.
import { limits } from '../../platform/limits.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { EntityBatch, EntityFetch } from '../plan/planner.ts'
import { callSubgraph, compileVariables, type ReadResponse } from './call-subgraph.ts'
import type { Execution, Step } from './execution.ts'
import { compileWalk, type ConcreteTypes, type Walk } from './path-walker.ts'
import { copyData, isObject, mergeData, readKey, type DataObject } from './plain-object.ts'
import { compileRepresentation, type BuildRepresentation } from './representation.ts'
import { pathToArray, type ResponsePath } from './response-path.ts'
import { compileRewrites, renamePath } from './rewrite.ts'
import { readPath, toClientKey, type CompileContext } from './root-fetch.ts'
import { reportSubgraphError, reportSubgraphFailure } from './subgraph-errors.ts'

interface CompiledBatch {
  readonly batch: EntityBatch
  readonly types: ConcreteTypes
  readonly walks: readonly Walk[]
  readonly build: BuildRepresentation
  readonly rewriteInput: ((value: unknown) => void) | null
  readonly rewriteOutput: ((value: unknown) => void) | null
}

/** A place in the data that takes the entity at `index` of the batch's answer. */
interface Target {
  readonly entity: DataObject
  readonly path: ResponsePath | null
  readonly index: number
}

interface Representations {
  readonly values: DataObject[]
  readonly indexes: Map<string, number>
}

interface Wave {
  readonly representations: ReadonlyMap<string, Representations>
  readonly targets: ReadonlyMap<CompiledBatch, readonly Target[]>
}

export function compileEntityFetch(fetch: EntityFetch, context: CompileContext): Step {
  const variables = compileVariables(fetch.variables, context.variableNames)
  const batches = fetch.batches.map((batch) => compileBatch(batch, context.types))
  return async (execution) => {
    const wave = collect(batches, execution.data)
    const requests = splitWave(wave.representations)
    await Promise.all(
      requests.map(async (request) => {
        try {
          const values = { ...variables(execution.variables), ...request.variables }
          const response = await callSubgraph(execution, fetch.service, fetch.operation, values)
          absorb({ execution, fetch, wave, offset: request.offset }, response)
        } catch (error) {
          execution.request.signal?.throwIfAborted()
          reportSubgraphFailure(execution, fetch.service, error, [placeOf(wave, request.offset)])
        }
      }),
    )
  }
}

function compileBatch(batch: EntityBatch, types: ConcreteTypes): CompiledBatch {
  return {
    batch,
    types,
    walks: batch.paths.map((path) => compileWalk(path, types)),
    build: compileRepresentation(batch.requires, types),
    rewriteInput: compileRewrites(batch.inputRewrites, types),
    rewriteOutput: compileRewrites(batch.outputRewrites, types),
  }
}

function collect(batches: readonly CompiledBatch[], data: DataObject): Wave {
  const representations = new Map<string, Representations>()
  const targets = new Map<CompiledBatch, readonly Target[]>()
  for (const compiled of batches) {
    const { variable } = compiled.batch
    const known = representations.get(variable) ?? { values: [], indexes: new Map<string, number>() }
    representations.set(variable, known)
    const found: Target[] = []
    for (const walk of compiled.walks) {
      walk(data, null, (entity, path) => {
        const representation = compiled.build(entity)
        if (representation === undefined) return
        compiled.rewriteInput?.(representation)
        found.push({ entity, path, index: indexOf(representation, known) })
      })
    }
    targets.set(compiled, found)
  }
  return { representations, targets }
}

/** Representations are built in the plan's order of fields, so equal ones have equal JSON. */
function indexOf(representation: DataObject, known: Representations): number {
  const identity = JSON.stringify(representation)
  const found = known.indexes.get(identity)
  if (found !== undefined) return found
  const index = known.values.push(representation) - 1
  known.indexes.set(identity, index)
  return index
}

interface WaveRequest {
  readonly variables: DataObject
  /** Index of the first representation asked for, of every variable. */
  readonly offset: number
}

/** One request, or several where there are too many representations; none where there is nothing to ask. */
function splitWave(representations: ReadonlyMap<string, Representations>): WaveRequest[] {
  const longest = Math.max(0, ...[...representations.values()].map(({ values }) => values.length))
  const size = limits.representationsPerFetchMax
  const requests: WaveRequest[] = []
  for (let offset = 0; offset < longest; offset += size) {
    const variables: DataObject = {}
    for (const [name, { values }] of representations) variables[name] = values.slice(offset, offset + size)
    requests.push({ variables, offset })
  }
  return requests
}

interface Absorption {
  readonly execution: Execution
  readonly fetch: EntityFetch
  readonly wave: Wave
  readonly offset: number
}

function absorb(absorption: Absorption, response: ReadResponse): void {
  const { execution, fetch, wave, offset } = absorption
  for (const error of response.errors) {
    // Finding all places of an entity takes time, and a subgraph could report any number of errors.
    if (execution.errors.length >= limits.responseErrorsMax) break
    reportSubgraphError(execution, fetch.service, error, errorPaths(absorption, readPath(error)))
  }
  if (response.data === null) {
    for (const targets of wave.targets.values()) {
      for (const { path } of targetsOf(targets, offset)) execution.coveredPaths.push(pathToArray(path).map(toClientKey))
    }
    return
  }
  for (const [compiled, targets] of wave.targets) {
    const asked = askedOf(wave, compiled, offset)
    if (asked === 0) continue
    const entities = readKey(response.data, compiled.batch.alias)
    if (Array.isArray(entities) && entities.length === asked) {
      const merging = { entities, offset, coverNull: response.errors.length > 0 }
      for (const target of mergeEntities(compiled, targetsOf(targets, offset), merging)) {
        execution.coveredPaths.push(pathToArray(target.path).map(toClientKey))
      }
    } else if (response.errors.length === 0) {
      const message = `Subgraph "${fetch.service}" answered ${asked} representations with ${Array.isArray(entities) ? entities.length : 'no'} entities.`
      const at = commonPath(targetsOf(targets, offset))
      reportSubgraphFailure(execution, fetch.service, new MeshgateError('SUBGRAPH_PROTOCOL', message), [at])
    }
  }
}

interface Merging {
  readonly entities: readonly unknown[]
  readonly offset: number
  /** Whether an error of the same response may be why an entity is null. */
  readonly coverNull: boolean
}

/** Gives back the targets whose missing entity an error explains. */
function mergeEntities(
  compiled: CompiledBatch,
  targets: readonly Target[],
  { entities, offset, coverNull }: Merging,
): readonly Target[] {
  const covered: Target[] = []
  for (const target of targets) {
    const entity = entities[target.index - offset]
    if (!isObject(entity)) {
      if (coverNull) covered.push(target)
    } else if (compiled.rewriteOutput === null) {
      mergeEntity(target.entity, entity, compiled.types)
    } else {
      const copy = copyData(entity) as DataObject
      compiled.rewriteOutput(copy)
      mergeEntity(target.entity, copy, compiled.types)
    }
  }
  return covered
}

/** An entity that came from an interface object bears the interface's name until a subgraph tells its own. */
function mergeEntity(target: DataObject, entity: DataObject, types: ConcreteTypes): void {
  const [present, incoming] = [target['__typename'], entity['__typename']]
  mergeData(target, entity)
  if (typeof present === 'string' && typeof incoming === 'string' && types.get(present)?.has(incoming) === true) {
    target['__typename'] = incoming
  }
}

function targetsOf(targets: readonly Target[], offset: number): readonly Target[] {
  const end = offset + limits.representationsPerFetchMax
  return targets.filter((target) => target.index >= offset && target.index < end)
}

function askedOf(wave: Wave, compiled: CompiledBatch, offset: number): number {
  const count = wave.representations.get(compiled.batch.variable)?.values.length ?? 0
  return Math.max(0, Math.min(count - offset, limits.representationsPerFetchMax))
}

/** `[alias, index, …]` of the subgraph is everywhere that the entity stands. */
function errorPaths({ wave, offset }: Absorption, path: (string | number)[] | null): (string | number)[][] {
  const [alias, index, ...tail] = path ?? []
  if (typeof index === 'number') {
    for (const [compiled, targets] of wave.targets) {
      if (compiled.batch.alias !== alias) continue
      const below = renamePath(tail, compiled.batch.outputRewrites).map(toClientKey)
      const paths = targets
        .filter((target) => target.index === index + offset)
        .map((target) => [...pathToArray(target.path).map(toClientKey), ...below])
      if (paths.length > 0) return paths
    }
  }
  return [placeOf(wave, offset)]
}

function placeOf(wave: Wave, offset: number): (string | number)[] {
  return commonPath([...wave.targets.values()].flatMap((targets) => targetsOf(targets, offset)))
}

/** The deepest place that all targets are at or below: one failed request is one error. */
function commonPath(targets: readonly Target[]): (string | number)[] {
  const [first, ...rest] = targets.map((target) => pathToArray(target.path))
  if (first === undefined) return []
  let length = first.length
  for (const path of rest) {
    let shared = 0
    while (shared < length && shared < path.length && path[shared] === first[shared]) shared++
    length = shared
  }
  return first.slice(0, length).map(toClientKey)
}
