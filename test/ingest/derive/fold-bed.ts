// One derived entity with its stages in hand, on ports in memory: everything before the stages is done at once, owners of their partitions are
// made by the test, and what is committed the test says.
import { ContributeStage } from '../../../ingest/derive/contribute-stage.ts'
import { planDerivations } from '../../../ingest/derive/derivations.ts'
import { FoldLedger, type Activation } from '../../../ingest/derive/fold-ledger.ts'
import type { FoldPlan } from '../../../ingest/derive/fold-plan.ts'
import { FoldStage } from '../../../ingest/derive/fold-stage.ts'
import { foldTables } from '../../../ingest/derive/fold-tables.ts'
import { GroupStates } from '../../../ingest/derive/group-states.ts'
import { NoticeStage } from '../../../ingest/derive/notice-stage.ts'
import { planEntities } from '../../../ingest/entity-plan.ts'
import { internalTopics } from '../../../ingest/internal-topics.ts'
import { processBatch } from '../../../ingest/process-batch.ts'
import type { AppendRecord, EventLog, LogRecord } from '../../../platform/ports/event-log.ts'
import type { Store } from '../../../platform/ports/store.ts'
import { emitTables } from '../../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../../schema/emit/emit-topics.ts'
import type { FoldFunctions } from '../../../schema/fold/fold-function.ts'
import type { Product } from '../../../schema/model.ts'
import { cellText, type Row } from '../../../schema/row.ts'
import { productOf } from '../../schema/compile.ts'
import { allRecords, jsonOf, visibleRows, type TestPorts } from '../open-ports.ts'
import type { Random } from '../random-things.ts'
import { memoryPorts } from './memory-ports.ts'
import { expectedMeters, meterFunctions, minutes, randomReading, readings, runs } from './meter-mesh.ts'
import { randomItem, randomOrder } from './random-sales.ts'
import {
  categories,
  expectedRows,
  functions,
  items,
  onePartition,
  orders,
  sortedRows,
  totalsProduct,
} from './sales-mesh.ts'

/** A derived entity, what becomes of its inputs, and what it must hold then. */
export interface HandedOver {
  readonly product: Product
  readonly entity: string
  readonly inputs: readonly Product[]
  /** Derived products that it reads. */
  readonly between: readonly Product[]
  readonly functions: Readonly<Record<string, FoldFunctions>>
  /** Records of some topics. */
  readonly changes: (random: Random) => readonly (readonly [topic: string, records: readonly AppendRecord[]])[]
  readonly expected: (store: Store) => Promise<readonly Row[]>
}

const ofSales = {
  inputs: [onePartition(orders), onePartition(items)],
  functions,
  changes: (random: Random) => {
    const some = Array.from({ length: 1 + random(5) }, () => randomOrder(random))
    const changed = ['tests.orders', some] as const
    return random(2) === 0 ? [changed, ['tests.items', [randomItem(random)]] as const] : [changed]
  },
}

/** Groups of one row, by a join. */
export const handedTotals: HandedOver = {
  ...ofSales,
  product: onePartition(totalsProduct()),
  entity: 'Total',
  between: [],
  expected: async (store) => (await expectedRows(store)).totals,
}

/** Groups that the rows' keys alone decide. */
export const handedSingles: HandedOver = {
  ...ofSales,
  between: [],
  product: onePartition(
    productOf(`extend schema @product(name: "singles", domain: "tests", owner: "t@example.com", version: "1.0.0")
input OrderRead @reads(product: "tests/orders", entity: "Order") { id: ID!  shop: String!  placedAt: DateTime! }
type Single @key(fields: "initial") @source(topic: "tests.singles", key: "initial") @table(name: "singles", partitionKey: ["initial"])
  @fold(input: "OrderRead", where: "shop != 'north'", time: "placedAt") {
  initial: String! @group(cel: "id.substring(0, 2)")
  orders: BigInt! @aggregate(function: COUNT)
  lastAt: DateTime @aggregate(function: LAST, cel: "placedAt")
}
type Query { single(initial: String!): Single @lookup }`),
  ),
  entity: 'Single',
  expected: async (store) => {
    const groups = new Map<string, Row[]>()
    for (const row of await visibleRows(store, 'orders')) {
      const initial = cellText(row['id']).slice(0, 2)
      if (row['shop'] !== 'north') groups.set(initial, [...(groups.get(initial) ?? []), row])
    }
    return sortedRows(
      [...groups].map(([initial, rows]) => ({
        initial,
        orders: String(rows.length),
        lastAt:
          rows
            .map((row) => cellText(row['placedAt']))
            .toSorted()
            .at(-1) ?? '',
      })),
    )
  },
}

/** Groups of many rows, by a function. */
export const handedShopDays: HandedOver = {
  ...ofSales,
  product: onePartition(categories),
  entity: 'ShopDay',
  between: [totalsProduct()],
  expected: async (store) => (await expectedRows(store)).shop_days,
}

const ofMeters = {
  inputs: [onePartition(readings)],
  between: [],
  functions: meterFunctions,
  changes: (random: Random) => {
    const some = Array.from({ length: 1 + random(8) }, () => randomReading(random))
    return [['tests.readings', some] as const]
  },
}

/** What rows contribute is taken from their changes. */
export const handedMinutes: HandedOver = {
  ...ofMeters,
  product: onePartition(minutes),
  entity: 'Minute',
  expected: async (store) => (await expectedMeters(store)).minutes,
}

/** The same, put in order by a function. */
export const handedRuns: HandedOver = {
  ...ofMeters,
  product: onePartition(runs),
  entity: 'Run',
  expected: async (store) => (await expectedMeters(store)).runs,
}

export interface Ports {
  readonly log: EventLog
  readonly store: Store
}

export type Owner = (records: readonly LogRecord[]) => Promise<void>

/** Everything before the stages, done at once by one process. */
class Inputs {
  readonly #ports: Ports
  readonly #products: readonly Product[]
  readonly #notice: NoticeStage
  readonly #next = new Map<string, number>()
  readonly #signal = new AbortController().signal

  constructor(ports: Ports, products: readonly Product[], of: { plan: FoldPlan; activation: Activation }) {
    this.#ports = ports
    this.#products = products
    this.#notice = new NoticeStage({ ...ports, ...of, onFailed: () => undefined })
  }

  async take(topic: string, records: readonly AppendRecord[]): Promise<void> {
    await this.#ports.log.append(topic, records)
    for (const plan of this.#products.flatMap((product) => planEntities(product, 1))) {
      const fresh = await this.#rest(plan.topic)
      if (fresh.length > 0) await processBatch(this.#ports, plan, { topic: plan.topic, partition: 0, records: fresh })
      const changes = await this.#rest(plan.changesTopic)
      const batch = { topic: plan.changesTopic, partition: 0, records: changes }
      if (changes.length > 0) await this.#notice.process(batch, this.#signal)
    }
  }

  async #rest(topic: string): Promise<LogRecord[]> {
    const records = (await allRecords(this.#ports.log, topic)).slice(this.#next.get(topic) ?? 0)
    this.#next.set(topic, (this.#next.get(topic) ?? 0) + records.length)
    return records
  }
}

/** The log with positions that nobody but the test commits: of the one partition of each topic. */
function withPositions(log: EventLog, positions: ReadonlyMap<string, number>): EventLog {
  const committed: EventLog['committed'] = async (_group, topic) => [positions.get(topic) ?? null]
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'committed') return committed
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}

async function toldRows(log: EventLog, { source, entity }: FoldPlan): Promise<Row[]> {
  const newest = new Map<string, { version: number; row: Row | null }>()
  for (const record of await allRecords(log, source.topic)) {
    const told = jsonOf(record) as { version: number; row?: Row; delete?: Row }
    const key = JSON.stringify(entity.key.map((name) => (told.row ?? told.delete)?.[name]))
    if (told.version >= (newest.get(key)?.version ?? -1))
      newest.set(key, { version: told.version, row: told.row ?? null })
  }
  return sortedRows([...newest.values()].flatMap(({ row }) => (row === null ? [] : [row])))
}

async function prepared(
  ports: Pick<TestPorts, 'log' | 'store' | 'clock'>,
  { product, entity, inputs, between, functions: ofFolds }: HandedOver,
): Promise<{ plan: FoldPlan; activation: Activation }> {
  const { log, store } = ports
  await log.createTopics([...[...inputs, product].flatMap(emitTopics), ...internalTopics])
  await store.migrate([...inputs.flatMap(emitTables), ...foldTables])
  const plans = planDerivations({ products: [...between, product], inputs, functions: ofFolds, log })
  const plan = plans.find((each) => each.entity.name === entity)
  if (plan === undefined) throw new Error('There is a derived entity.')
  const next = { fold: plan.compiled.name, definitionHash: 'one' }
  return { plan, activation: await new FoldLedger(ports).activate(next, async () => ({})) }
}

/** Of both stages, of one process. */
export interface Owners {
  readonly contribute: Owner
  readonly fold: Owner
}

export class FoldBed {
  readonly ports: Pick<TestPorts, 'log' | 'store' | 'clock'>
  readonly plan: FoldPlan
  readonly inputs: Inputs
  /** By topic: what the stage's group has committed of its only partition. */
  readonly positions = new Map<string, number>()
  readonly #derived: HandedOver
  readonly #activation: Activation

  static async open(derived: HandedOver): Promise<FoldBed> {
    const ports = memoryPorts()
    return new FoldBed(ports, derived, await prepared(ports, derived))
  }

  private constructor(
    ports: FoldBed['ports'],
    derived: HandedOver,
    { plan, activation }: { readonly plan: FoldPlan; readonly activation: Activation },
  ) {
    this.ports = ports
    this.plan = plan
    this.#derived = derived
    this.#activation = activation
    this.inputs = new Inputs(ports, derived.inputs, { plan, activation })
  }

  /** A process that has both partitions, or thinks so. `through`: what its calls go through. */
  owners(through: (ports: Ports) => Ports): Owners {
    const { log, store, clock } = this.ports
    const { plan } = this
    const activation = this.#activation
    const ports = through({ log: withPositions(log, this.positions), store })
    const ledger = new FoldLedger({ log: ports.log, clock })
    const nothing = (): void => undefined
    const ofStages = { plan, activation, ledger, clock, onFailed: nothing, onLate: nothing }
    const options = { ...ports, ...ofStages, rows: ports.store }
    const contribute = new ContributeStage(options)
    const fold = new FoldStage({ ...options, states: new GroupStates() })
    const [forContribute, forFold] = [new AbortController().signal, new AbortController().signal]
    return {
      contribute: (records) => contribute.process({ topic: plan.touchedTopic, partition: 0, records }, forContribute),
      fold: (records) => fold.process({ topic: plan.contributionsTopic, partition: 0, records }, forFold),
    }
  }

  /** The derived rows as the derived topic has them. */
  told(): Promise<Row[]> {
    return toldRows(this.ports.log, this.plan)
  }

  expected(): Promise<readonly Row[]> {
    return this.#derived.expected(this.ports.store)
  }
}
