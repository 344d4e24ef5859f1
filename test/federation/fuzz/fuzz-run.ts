// Runs operations over random meshes from a seed on, and counts what differs by its kind.
import { compareOne, openMesh, type Answerer, type Difference, type FuzzMesh } from './fuzz-case.ts'
import { makeOperation, type FuzzOperation } from './operation-maker.ts'
import { randomMesh } from './random-mesh.ts'
import type { FailingCase } from './shrink.ts'

const OPERATIONS_OF_A_MESH = 33
/** Every fourth mesh has data that fails. */
const FAILING_EVERY = 4

export interface FuzzFinding {
  readonly kind: string
  times: number
  readonly found: FailingCase
  readonly difference: Difference
}

export interface FuzzReport {
  readonly operations: number
  readonly meshes: number
  /** Meshes that did not compose. */
  readonly rejected: number
  /** Most frequent first. */
  readonly findings: readonly FuzzFinding[]
}

export interface FuzzOptions {
  readonly from: number
  readonly operations: number
  readonly answerer: Answerer
  /** Asked between operations. */
  readonly isOver?: () => boolean
  readonly onFinding?: (finding: FuzzFinding) => void
}

/** The mesh of a seed; why it does not compose, where it does not. */
export function fuzzMesh(seed: number): FuzzMesh | string {
  const failing = seed % FAILING_EVERY === FAILING_EVERY - 1
  const subgraphs = randomMesh(seed, failing)
  try {
    return openMesh({ subgraphs, seed, failing })
  } catch (error) {
    return `composition threw: ${String(error)}`
  }
}

/** Without subscriptions unless they are wanted. */
export function fuzzOperation(mesh: FuzzMesh, number: number, mayBeSubscription = false): FuzzOperation {
  return makeOperation(mesh.merged, mesh.seed * OPERATIONS_OF_A_MESH + number, mayBeSubscription)
}

export async function runFuzz({
  from,
  operations,
  answerer,
  isOver = () => false,
  onFinding,
}: FuzzOptions): Promise<FuzzReport> {
  const findings = new Map<string, FuzzFinding>()
  let done = 0
  let meshes = 0
  let rejected = 0
  for (let seed = from; done < operations && !isOver(); seed++) {
    const mesh = fuzzMesh(seed)
    if (typeof mesh === 'string') {
      rejected++
      continue
    }
    meshes++
    const ask = answerer(mesh)
    for (let number = 0; number < OPERATIONS_OF_A_MESH && done < operations && !isOver(); number++, done++) {
      const operation = fuzzOperation(mesh, number, true)
      const difference = await compareOne(mesh, ask, operation)
      if (difference === null) continue
      const known = findings.get(difference.kind)
      if (known !== undefined) known.times++
      else {
        const { subgraphs, failing } = mesh
        const finding = { kind: difference.kind, times: 1, found: { subgraphs, seed, failing, operation }, difference }
        findings.set(difference.kind, finding)
        onFinding?.(finding)
      }
    }
  }
  const sorted = [...findings.values()].toSorted((one, other) => other.times - one.times)
  return { operations: done, meshes, rejected, findings: sorted }
}
