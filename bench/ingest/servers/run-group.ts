// A group of processes that ingest one topic together: started side by side on a topic that is filled before.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { groupOf } from '../../../ingest/entity-plan.ts'
import { emitTables } from '../../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../../schema/emit/emit-topics.ts'
import { fillTopic, openPorts, productOf, sourceTopic, type Ports, type ServerLoad } from './server-load.ts'

const MEMBER = fileURLToPath(new URL('member-process.ts', import.meta.url))
const POLL_MS = 50

interface GroupFigures {
  readonly recordsPerSecond: number
  /** Of all processes together, with their start. */
  readonly cpuUs: number
  /** What the idlest process did, as a share of an equal one. */
  readonly least: number
}

/** What a member tells at its end. */
export interface MemberFigures {
  readonly handled: number
  readonly cpuSeconds: number
}

export async function runGroup(task: Omit<ServerLoad, 'domain'>, processes: number): Promise<GroupFigures> {
  const load: ServerLoad = { ...task, domain: `bench${randomUUID().slice(0, 8)}` }
  const product = await productOf(load)
  const ports = await openPorts(load)
  try {
    await ports.log.createTopics(emitTopics(product))
    await ports.store.migrate(emitTables(product))
    await fillTopic(ports.log, load)
    const members = Array.from({ length: processes }, () => startMember(load))
    const group = groupOf(product)
    await untilCommitted(ports, { group, load, records: 1 })
    const startedMs = performance.now()
    const total = load.records
    await untilCommitted(ports, { group, load, records: total })
    const seconds = (performance.now() - startedMs) / 1_000
    const figures = await Promise.all(members.map((member) => member.end()))
    const cpuSeconds = figures.reduce((sum, each) => sum + each.cpuSeconds, 0)
    return {
      recordsPerSecond: total / seconds,
      cpuUs: (cpuSeconds / total) * 1e6,
      least: Math.min(...figures.map(({ handled }) => handled)) / (total / processes),
    }
  } finally {
    await ports.close()
  }
}

function startMember(load: ServerLoad): { end(): Promise<MemberFigures> } {
  const child = spawn(process.execPath, [MEMBER, JSON.stringify(load)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)
  return {
    async end() {
      const told = once(lines, 'line')
      child.stdin.end()
      const [line] = (await told) as [string]
      return JSON.parse(line) as MemberFigures
    },
  }
}

async function untilCommitted(
  { log }: Ports,
  { group, load, records }: { readonly group: string; readonly load: ServerLoad; readonly records: number },
): Promise<void> {
  for (;;) {
    const committed = await log.committed(group, sourceTopic(load))
    if (committed.reduce<number>((sum, offset) => sum + (offset ?? 0), 0) >= records) return
    await sleep(POLL_MS)
  }
}
