// Five seeded runs of the fault suite on real servers, and members that join and leave all the time. The long form:
// `node cli/run.js test/faults/servers/run.ts --from 0 --count 50`, and `--rebalance 300`.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeServers } from '../../servers/test-servers.ts'
import { FaultServers } from './fault-servers.ts'
import { runOnServers } from './server-run.ts'

/** Each kind of server is killed, hangs and has its answers lost among them. */
const SEEDED: readonly { readonly seed: number; readonly faults: readonly string[] }[] = [
  { seed: 101, faults: ['ingest killed', "Cassandra's answers lost"] },
  { seed: 102, faults: ["Kafka's answers lost", 'offsets expired'] },
  { seed: 103, faults: ['Kafka killed', 'clock set'] },
  { seed: 104, faults: ['Cassandra killed', 'subscribers dropped'] },
  { seed: 105, faults: ['ingest hung', 'Kafka hung', 'Cassandra hung', 'subgraphs restarted'] },
]
const REBALANCE_MS = 20_000
/** Guards against hanging only. */
const WAIT_MS = 400_000

describeServers('on Kafka and Cassandra, nothing is lost, wrong or told twice', () => {
  let servers: FaultServers
  beforeAll(async () => {
    servers = await FaultServers.open()
  })
  afterAll(() => servers.close())

  test.each(SEEDED.map(({ seed, faults }) => ({ seed, faults, what: faults.join(', ') })))(
    'with $what (seed $seed)',
    async ({ seed, faults }) => {
      expect(await runOnServers({ servers, seed, faults })).toMatchObject({ faults, problems: [] })
    },
    WAIT_MS,
  )

  test(
    'while members join and leave every second',
    async () => {
      expect(await runOnServers({ servers, seed: 106, rebalanceMs: REBALANCE_MS })).toMatchObject({ problems: [] })
    },
    WAIT_MS,
  )
})
