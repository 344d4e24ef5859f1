// Runs parts in turn, round after round, and tells the medians with their spread beside the aims. Starts one Kafka and one Cassandra for all
// parts that need them. `--rounds N` (3), `--scale X` (1: the whole), `--servers` / `--embedded` (only those), `--only TEXT` (in the name).
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startCassandra } from '../../services/cassandra-server.ts'
import { startKafka } from '../../services/kafka-server.ts'
import { describe } from '../measure.ts'
import type { BenchPart, RoundOptions } from './part.ts'
import { markdownOf, summarise, type PartResult } from './results.ts'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

export async function runParts(parts: readonly BenchPart[], args: readonly string[]): Promise<readonly PartResult[]> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '3' },
      scale: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      servers: { type: 'boolean', default: false },
      embedded: { type: 'boolean', default: false },
    },
  })
  const wanted = parts.filter(
    ({ name, servers }) => name.includes(values.only) && !(values.servers && !servers) && !(values.embedded && servers),
  )
  await using stack = new AsyncDisposableStack()
  const servers = wanted.some((part) => part.servers) ? await startServers(stack) : null
  const options: RoundOptions = { servers, scale: Number(values.scale), print }
  const rounds = new Map<BenchPart, Readonly<Record<string, number>>[]>(wanted.map((part) => [part, []]))
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const part of wanted) {
      if (round > 1 && part.once === true) continue
      const figures = await part.round(options)
      rounds.get(part)?.push(figures)
      print(`round ${round} of ${values.rounds}  ${part.name}: ${describe(figures)}`)
    }
  }
  const results = [...rounds].map(([part, figures]) => summarise(part, figures))
  print(markdownOf(results))
  return results
}

async function startServers(stack: AsyncDisposableStack): Promise<NonNullable<RoundOptions['servers']>> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-bench-servers-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const kafka = await startKafka({ directory: join(directory, 'kafka'), lifetime: 'process' })
  stack.defer(() => kafka.stop())
  const cassandra = await startCassandra({ directory: join(directory, 'cassandra'), lifetime: 'process' })
  stack.defer(() => cassandra.stop())
  return { kafka: kafka.address, cassandra: cassandra.address }
}
