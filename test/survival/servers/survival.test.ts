// A mesh of processes on Kafka and Cassandra, each part ended and started again under clients that go from one gateway to the other. The long
// form: `node cli/run.js test/survival/run.ts --from 0 --count 20`.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FaultServers } from '../../faults/servers/fault-servers.ts'
import { seededInteger } from '../../seeded-random.ts'
import { describeServers } from '../../servers/test-servers.ts'
import { runSurvival } from '../run-survival.ts'
import { openServerMesh } from '../server-mesh.ts'

const SEED = 7
const FAULTS = [
  'gateway killed',
  'changes repeated',
  'new supergraph',
  'ingest killed',
  'subgraph killed',
  'gateway stopped',
  'broker killed',
]
/** Guards against hanging only. */
const WAIT_MS = 600_000

describeServers('on Kafka and Cassandra', () => {
  let servers: FaultServers
  beforeAll(async () => {
    servers = await FaultServers.open()
  })
  afterAll(() => servers.close())

  test(
    'clients of two gateways are told every change once, whatever is killed',
    async () => {
      const random = seededInteger(SEED)
      const mesh = await openServerMesh({ servers, unique: `s${Date.now().toString(36)}`, random })
      try {
        const { problems, told, repetitions } = await runSurvival({ mesh, seed: SEED, faults: FAULTS })
        expect(problems).toEqual([])
        expect(told).toBeGreaterThan(1_000)
        expect(repetitions).toBeGreaterThan(0)
      } finally {
        await mesh.close()
      }
    },
    WAIT_MS,
  )
})
