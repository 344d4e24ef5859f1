// Several operations in one request, a JSON array: answered by one array in the same order, a few at a time. Where one of them is a mutation
// they run one after the other, as the client has written them.
import { isReady, type Engine, type EngineRequest, type EngineResult, type ReadyOperation } from '../engine-contract.ts'
import { limits } from '../../platform/limits.ts'
import { readParameters, type RequestParameters } from './graphql-request.ts'
import { isProblem, type HttpProblem } from './http-problem.ts'

/** What all entries have in common. */
export type BatchContext = Omit<EngineRequest, keyof RequestParameters>

export function checkBatch(entries: readonly unknown[], operationsMax: number): HttpProblem | null {
  if (operationsMax === 0) {
    return { status: 400, message: 'Batches are not supported. Send one request per operation.' }
  }
  if (entries.length === 0) return { status: 400, message: 'The batch is empty.' }
  if (entries.length <= operationsMax) return null
  return { status: 400, message: `A batch may have ${operationsMax} operations, and this has ${entries.length}.` }
}

/** The array's JSON. Rejects as the engine does. */
export async function runBatch(
  entries: readonly unknown[],
  engine: Engine,
  context: BatchContext,
): Promise<Uint8Array> {
  const prepared = await mapBounded(entries, limits.batchOperationsAtOnceMax, (entry) =>
    prepare(entry, engine, context),
  )
  const hasMutation = prepared.some((each) => 'operation' in each && each.operation.kind === 'mutation')
  const bodies = await mapBounded(prepared, hasMutation ? 1 : limits.batchOperationsAtOnceMax, async (each) => {
    if (!('operation' in each)) return JSON.stringify(each)
    return (await engine.runSerialized(each.operation, each.request)).body
  })
  return joinArray(bodies)
}

interface Prepared {
  readonly operation: ReadyOperation
  readonly request: EngineRequest
}

async function prepare(entry: unknown, engine: Engine, context: BatchContext): Promise<Prepared | EngineResult> {
  const parameters = readParameters(entry)
  if (isProblem(parameters)) return problemResult(parameters.message)
  const request: EngineRequest = { ...parameters, ...context }
  const operation = await engine.prepare(request)
  if (!isReady(operation)) return operation
  if (operation.kind === 'subscription') return problemResult('A subscription cannot be part of a batch.')
  return { operation, request }
}

function problemResult(message: string): EngineResult {
  return { errors: [{ message, extensions: { code: 'REQUEST_INVALID' } }] }
}

/** In the order of the items. */
async function mapBounded<Item, Mapped>(
  items: readonly Item[],
  atOnceMax: number,
  map: (item: Item) => Promise<Mapped>,
): Promise<Mapped[]> {
  const mapped: Mapped[] = []
  const queue = items.entries()
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) mapped[index] = await map(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, work))
  return mapped
}

function joinArray(bodies: readonly (string | Uint8Array)[]): Uint8Array {
  const chunks: Uint8Array[] = []
  for (const body of bodies) {
    chunks.push(chunks.length === 0 ? OPEN : COMMA, typeof body === 'string' ? Buffer.from(body) : body)
  }
  chunks.push(CLOSE)
  return Buffer.concat(chunks)
}

const OPEN = Buffer.from('[')
const COMMA = Buffer.from(',')
const CLOSE = Buffer.from(']')
