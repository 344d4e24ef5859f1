// How ingest on Kafka and Cassandra grows: with the partitions of a topic in one process, and with the processes of a group. On two cores more
// processes share what there is: what counts is that each does its part, and what a record costs in all of them. `node cli/run.js
// bench/ingest/servers-scaling.ts` runs it alone; options: run-parts.ts.
import type { BenchPart, RoundOptions } from './part.ts'
import { runParts } from './run-parts.ts'
import { runGroup } from './servers/run-group.ts'
import { runLoad } from './servers/run-load.ts'
import { warmServers } from './servers/warm-servers.ts'

const RECORDS = 80_000
const WARM_UP_RECORDS = 8_000
const PARTITIONS = [1, 4, 16, 64]
const PROCESSES = [1, 2, 4]
const GROUP_PARTITIONS = 16

export const serverPartitions: BenchPart = {
  name: 'Kafka to Cassandra, by partitions',
  about: 'orders-one-table in one process, from a topic of so many partitions.',
  aims: [],
  servers: true,
  once: true,
  round: async (options) => {
    const figures: Record<string, number> = {}
    await warmServers(taskOf(options).servers)
    for (const partitions of PARTITIONS) {
      const { recordsPerSecond, cpuUs } = await runLoad({ ...taskOf(options), partitions, bare: null })
      figures[`partitions${String(partitions)}RecordsPerSecond`] = recordsPerSecond
      figures[`partitions${String(partitions)}CpuUs`] = cpuUs
    }
    return figures
  },
}

export const serverProcesses: BenchPart = {
  name: 'Kafka to Cassandra, by processes',
  about: `orders-one-table from a topic of ${String(GROUP_PARTITIONS)} partitions, by a group of so many processes; from the first record to the last, with their start.`,
  aims: [],
  servers: true,
  once: true,
  round: async (options) => {
    const figures: Record<string, number> = {}
    await warmServers(taskOf(options).servers)
    for (const processes of PROCESSES) {
      const { recordsPerSecond, cpuUs, least } = await runGroup(
        { ...taskOf(options), partitions: GROUP_PARTITIONS },
        processes,
      )
      figures[`processes${String(processes)}RecordsPerSecond`] = recordsPerSecond
      figures[`processes${String(processes)}CpuUs`] = cpuUs
      figures[`processes${String(processes)}LeastShare`] = least
    }
    return figures
  },
}

function taskOf({ servers, scale }: RoundOptions) {
  if (servers === null) throw new Error('This part runs on servers.')
  const records = Math.ceil(RECORDS * scale)
  return { product: 'orders-one-table' as const, servers, warmUpRecords: Math.ceil(WARM_UP_RECORDS * scale), records }
}

if (import.meta.main) await runParts([serverPartitions, serverProcesses], process.argv.slice(2))
