// What is asked of a product's tables: build new ones beside them, give that up, drop the former ones. A request is a state in `mesh.tables`;
// whoever ingests the product does the work.
import { randomUUID } from 'node:crypto'
import type { Product } from '../../schema/model.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { productKey } from '../../platform/table-generations.ts'
import { topicNames } from '../../schema/topics.ts'
import { TableLedger } from './table-ledger.ts'
import { partId, type Building, type TablesState } from './table-state.ts'

export interface RequestPorts {
  readonly log: EventLog
  readonly clock: Clock
}

/** Its topics exist. `id`: asked again under the same, it is the same build. TABLES_REFUSED with what is in the way and the way out. */
export async function requestBuild(
  ports: RequestPorts,
  product: Product,
  { seed, id = randomUUID() }: { readonly seed: Building['seed']; readonly id?: string },
): Promise<TablesState> {
  const parts = await partsOf(ports.log, product, seed)
  if (seed === 'topic') await requireWhole(ports.log, product)
  return propose(ports, product, (state) => {
    const { building, adding, kept, newest } = state
    if (building?.id === id) return null
    if (building !== null) {
      throw refused(
        product,
        `generation ${building.generation} is being built. Wait for it, or abandon it (--abandon).`,
      )
    }
    if (adding !== null) {
      const names = adding.tables.map(({ name }) => name).join(', ')
      throw refused(product, `${names} is being filled, which the product's newest version added. Wait for it.`)
    }
    if (kept !== null) throw refused(product, 'the switch to the newest tables is not a minute old. Try again.')
    const generation = newest + 1
    const requestedAtMs = ports.clock.now()
    return {
      newest: generation,
      building: { generation, id, seed, phase: 'filling', parts, failed: null, requestedAtMs },
    }
  })
}

/** What has been filled is dropped; the live tables are as they were. */
export async function requestAbandon(ports: RequestPorts, product: Product): Promise<TablesState> {
  return propose(ports, product, ({ building, dropping }) => {
    if (building === null) throw refused(product, 'no new tables are being built: there is nothing to abandon.')
    return { building: null, dropping: [...dropping, building.generation] }
  })
}

export async function requestDrop(ports: RequestPorts, product: Product): Promise<TablesState> {
  return propose(ports, product, ({ retired, dropping, kept }) => {
    if (kept !== null) throw refused(product, 'readers may still read the former tables for some seconds. Try again.')
    if (retired.length === 0) throw refused(product, 'there are no former tables to drop.')
    return { retired: [], dropping: [...dropping, ...retired] }
  })
}

async function propose(
  ports: RequestPorts,
  product: Product,
  change: (state: TablesState) => Partial<TablesState> | null,
): Promise<TablesState> {
  const ledger = new TableLedger(ports)
  const key = productKey(product)
  // Another proposal at the same time: looked at anew.
  for (;;) {
    await ledger.readOn()
    const { state } = ledger.of(key)
    const changed = change(state)
    if (changed === null) return state
    if (await ledger.propose(key, { ...state, ...changed, version: state.version + 1 })) return ledger.of(key).state
  }
}

function refused({ domain, name }: Product, reason: string): MeshgateError {
  return new MeshgateError('TABLES_REFUSED', `The tables of ${domain}/${name}: ${reason}`)
}

/** Every partition that rows are written from and, by a scan, every entity. */
export async function partsOf(log: EventLog, product: Product, seed: Building['seed']): Promise<readonly string[]> {
  const parts: string[] = []
  for (const { name, source } of product.entities) {
    if (source === null) continue
    const topic = source.rekeyed ? topicNames.rekeyed(source.topic) : source.topic
    const partitions = await log.partitions(topic)
    for (let partition = 0; partition < partitions; partition += 1) parts.push(partId.partition(topic, partition))
    if (seed === 'scan') parts.push(partId.scan(name))
  }
  return parts
}

async function requireWhole(log: EventLog, product: Product): Promise<void> {
  const gone: string[] = []
  for (const { source } of product.entities) {
    if (source === null) continue
    if (source.compacted) gone.push(`${source.topic} is compacted`)
    const topic = source.rekeyed ? topicNames.rekeyed(source.topic) : source.topic
    for (const { partition, earliest } of await log.offsets(topic)) {
      if (earliest > 0) gone.push(`${topic} partition ${partition} begins at offset ${earliest}`)
    }
  }
  if (gone.length === 0) return
  const what = `cannot be built from the topic alone, which does not hold every record any more: ${gone.join('; ')}.`
  throw refused(product, `${what} Seed them by a scan of the live tables (--seed scan).`)
}
