// The modes that the bench knows, in the order of the report.
import type { LoadGroup, LoadedOperation } from '../load/connection-load.ts'
import { benchQuery } from '../mesh/bench-query.ts'
import { mergedAnswer } from '../mesh/merged-mesh.ts'
import { ARCHIVE_ENTRIES, archiveQuery, distinctOperation, requestBody } from '../mesh/operations.ts'
import { typeMeshAnswer, typeMeshQuery } from '../mesh/type-mesh.ts'
import { hostileOperation } from './hostile-operation.ts'
import type { Mode, ModeSetup } from './mode.ts'

const CONNECTIONS = 50
const DISTINCT_OPERATIONS = 1_000
/** Slow enough for every gateway, so that the tail is not its own queue. */
const ORDINARY_CONNECTIONS = 10
const ORDINARY_PACE_MS = 250
const HOSTILE_CONNECTIONS = 5
/** A handful at a time, not a flood: a client that is refused at once does not come back at once. */
const HOSTILE_PACE_MS = 200
const HOSTILE_OPERATIONS = 400

const plain: Omit<ModeSetup, 'name' | 'title'> = {
  mesh: 'four',
  sharing: 'none',
  subgraphLatencyMs: 0,
  authorization: false,
  floor: false,
}

const group: Omit<LoadGroup, 'operations'> = { name: 'load', connections: CONNECTIONS, authorization: false, paceMs: 0 }

/** Built on demand: some take a second. */
export const knownModes: Readonly<Record<string, () => Mode>> = {
  'nothing-shared': () =>
    benchMode({ ...plain, name: 'nothing-shared', title: 'Nothing shared', floor: true }, CONNECTIONS),
  'subgraph-requests-shared': () =>
    benchMode(
      {
        ...plain,
        name: 'subgraph-requests-shared',
        title: 'Subgraph requests in flight shared',
        sharing: 'subgraph-requests',
      },
      CONNECTIONS,
    ),
  'requests-shared': () =>
    benchMode(
      { ...plain, name: 'requests-shared', title: 'Identical requests shared', sharing: 'requests', floor: true },
      CONNECTIONS,
    ),
  'subgraph-latency': () =>
    benchMode(
      { ...plain, name: 'subgraph-latency', title: '4 ms of subgraph latency, nothing shared', subgraphLatencyMs: 4 },
      CONNECTIONS,
    ),
  authorization: () =>
    benchMode(
      {
        ...plain,
        name: 'authorization',
        title: 'A different Authorization with every request, forwarded',
        authorization: true,
      },
      CONNECTIONS,
    ),
  'connections-500': () =>
    // The slowest peers take five seconds to answer all of them once.
    benchMode({ ...plain, name: 'connections-500', title: '500 connections, nothing shared' }, 500, 2),
  'large-answer': () => {
    const variables = { first: ARCHIVE_ENTRIES }
    const operation = { body: requestBody(archiveQuery, variables), expected: mergedAnswer(archiveQuery, variables) }
    const asked = { ...group, connections: 2, operations: [operation] }
    const title = 'An answer of 8 MB, 2 connections, nothing shared'
    return { ...plain, kind: 'load', name: 'large-answer', title, mesh: 'archive', warmUp: null, group: asked }
  },
  'distinct-operations': () => {
    const operations = Array.from({ length: DISTINCT_OPERATIONS }, (_, index) => operationOf(distinctOperation(index)))
    const title = '1,000 distinct operations in rotation, none seen before, nothing shared'
    return {
      ...plain,
      kind: 'load',
      name: 'distinct-operations',
      title,
      warmUp: [{ ...group, operations: [operationOf(benchQuery)] }],
      group: { ...group, operations },
    }
  },
  'cold-start': () => ({
    ...plain,
    kind: 'cold-start',
    name: 'cold-start',
    title: 'Cold start to the first answer, 500 types in ten subgraphs',
    mesh: 'types',
    query: typeMeshQuery,
    expected: typeMeshAnswer,
  }),
  'hostile-plans': () => ({
    ...plain,
    kind: 'beside',
    name: 'hostile-plans',
    title: `The bench's query 40 times a second, alone and beside ${HOSTILE_CONNECTIONS} connections of hostile operations`,
    ordinary: {
      ...group,
      connections: ORDINARY_CONNECTIONS,
      paceMs: ORDINARY_PACE_MS,
      operations: [operationOf(benchQuery)],
    },
    other: {
      ...group,
      name: 'hostile',
      connections: HOSTILE_CONNECTIONS,
      paceMs: HOSTILE_PACE_MS,
      operations: hostileOperations(),
    },
  }),
  appends: () => ({
    ...plain,
    kind: 'appends',
    name: 'appends',
    title: 'Appends to the embedded log in the process of the gateway, alone and beside hostile plans',
  }),
}

function benchMode(setup: ModeSetup, connections: number, windows = 1): Mode {
  const operations = [operationOf(benchQuery)]
  const asked = { ...group, connections, authorization: setup.authorization, operations }
  return { ...setup, kind: 'load', warmUp: null, group: asked, windows }
}

function operationOf(query: string): LoadedOperation {
  return { body: requestBody(query), expected: mergedAnswer(query) }
}

/** Any answer will do, a refusal too: what is measured is what they do to others. */
function hostileOperations(): readonly LoadedOperation[] {
  return Array.from({ length: HOSTILE_OPERATIONS }, (_, index) => ({
    body: requestBody(hostileOperation(index)),
    expected: null,
  }))
}
