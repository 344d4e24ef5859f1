// An owner of a partition that does not know that it is none any more, beside its successor: of the contribute stage and of the fold stage, their
// calls in any order. Whatever the former still does, the derived topic ends with the folds over the inputs' visible rows.
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
import { MeshgateError } from '../../../platform/errors.ts'
import type { AppendRecord, EventLog, LogRecord } from '../../../platform/ports/event-log.ts'
import type { Store } from '../../../platform/ports/store.ts'
import { emitTables } from '../../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../../schema/emit/emit-topics.ts'
import type { Row } from '../../../schema/row.ts'
import { seededInteger } from '../../seeded-random.ts'
import { allRecords, jsonOf, type TestPorts } from '../open-ports.ts'
import { memoryPorts } from './memory-ports.ts'
import type { Random } from '../random-things.ts'
import { Gates, type Pace } from './gated-ports.ts'
import { randomItem, randomOrder } from './random-sales.ts'
import { expectedRows, items, onePartition, orders, sortedRows, totalsProduct } from './sales-mesh.ts'

const ROUNDS = 8
const totals = onePartition(totalsProduct())
const inputs = [onePartition(orders), onePartition(items)]

interface Ports {
  readonly log: EventLog
  readonly store: Store
}

type Owner = (records: readonly LogRecord[]) => Promise<void>

/** Everything before the stages, done at once by one process. */
class Inputs {
  readonly #ports: Ports
  readonly #notice: NoticeStage
  readonly #next = new Map<string, number>()
  readonly #signal = new AbortController().signal

  constructor(ports: Ports, plan: FoldPlan, activation: Activation) {
    this.#ports = ports
    this.#notice = new NoticeStage({ ...ports, plan, activation })
  }

  async take(topic: string, records: readonly AppendRecord[]): Promise<void> {
    await this.#ports.log.append(topic, records)
    for (const plan of inputs.flatMap((product) => planEntities(product, 1))) {
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

/** The former owner has the first batch in hand; the successor begins with the same, and goes on to the end. */
async function handOver(
  gates: Gates,
  {
    log,
    topic,
    positions,
    former,
    successor,
  }: { log: EventLog; topic: string; positions: Map<string, number>; former: Owner; successor: Owner },
  { random, meanwhile }: { readonly random: Random; readonly meanwhile: () => Promise<void> },
): Promise<void> {
  const records = (): Promise<LogRecord[]> => allRecords(log, topic)
  const from = positions.get(topic) ?? 0
  const inHand = (await records()).slice(from, from + 1 + random(4))
  const stale = inHand.length === 0 ? Promise.resolve() : former(inHand).catch(() => undefined)
  let next = from
  const goOn = async (): Promise<void> => {
    for (let idle = 0; idle < 2;) {
      const some = (await records()).slice(next, next + 1 + random(4))
      if (some.length > 0) await patiently(() => successor(some))
      next += some.length
      positions.set(topic, next)
      idle = some.length === 0 ? idle + 1 : 0
    }
  }
  await gates.run(Promise.all([stale, goOn()]), meanwhile)
  await goOnAlone(gates, goOn)
}

/** As a consumer repeats a batch. */
async function patiently(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof MeshgateError && error.code === 'FOLD_SUPERSEDED')) throw error
    }
  }
}

async function goOnAlone(gates: Gates, goOn: () => Promise<void>): Promise<void> {
  await gates.run(goOn(), async () => undefined)
}

async function toldRows(log: EventLog): Promise<Row[]> {
  const newest = new Map<string, { version: number; row: Row | null }>()
  for (const record of await allRecords(log, 'tests.totals')) {
    const told = jsonOf(record) as { version: number; row?: Row; delete?: Row }
    const { shop, category } = told.row ?? told.delete ?? {}
    const key = JSON.stringify([shop, category])
    if (told.version >= (newest.get(key)?.version ?? -1))
      newest.set(key, { version: told.version, row: told.row ?? null })
  }
  return [...newest.values()].flatMap(({ row }) => (row === null ? [] : [row]))
}

async function prepared(
  ports: Pick<TestPorts, 'log' | 'store' | 'clock'>,
): Promise<{ plan: FoldPlan; activation: Activation }> {
  const { log, store } = ports
  await log.createTopics([...[...inputs, totals].flatMap(emitTopics), ...internalTopics])
  await store.migrate([...inputs.flatMap(emitTables), ...foldTables])
  const [plan] = planDerivations({ products: [totals], inputs, log })
  if (plan === undefined) throw new Error('There is a derived entity.')
  const next = { fold: plan.compiled.name, definitionHash: 'one' }
  return { plan, activation: await new FoldLedger(ports).activate(next, async () => ({})) }
}

/** Tells after each round what the topic says and what it must. */
export async function handOvers(
  seed: number,
  onRound: (told: readonly Row[], expected: readonly Row[]) => void,
): Promise<void> {
  const random = seededInteger(seed)
  const ports = memoryPorts()
  const { plan, activation } = await prepared(ports)
  const positions = new Map<string, number>()
  const owners = (gates: Gates): { contribute: Owner; fold: Owner; pace: Pace } => {
    const pace = { weight: 1 }
    const gated = gates.ports({ log: withPositions(ports.log, positions), store: ports.store }, pace)
    const ledger = new FoldLedger({ log: gated.log, clock: ports.clock })
    const nothing = (): void => undefined
    const options = {
      ...gated,
      clock: ports.clock,
      plan,
      activation,
      ledger,
      rows: gated.store,
      onFailed: nothing,
      onLate: nothing,
    }
    const contribute = new ContributeStage(options)
    const fold = new FoldStage({ ...options, states: new GroupStates() })
    const [forContribute, forFold] = [new AbortController().signal, new AbortController().signal]
    return {
      pace,
      contribute: (records) => contribute.process({ topic: plan.touchedTopic, partition: 0, records }, forContribute),
      fold: (records) => fold.process({ topic: plan.contributionsTopic, partition: 0, records }, forFold),
    }
  }
  const sales = new Inputs(ports, plan, activation)
  const change = async (): Promise<void> => {
    await sales.take(
      'tests.orders',
      Array.from({ length: 1 + random(5) }, () => randomOrder(random)),
    )
    if (random(2) === 0) await sales.take('tests.items', [randomItem(random)])
  }
  const gates = new Gates(random)
  let former = owners(gates)
  for (let round = 0; round < ROUNDS; round += 1) {
    await change()
    const successor = owners(gates)
    former.pace.weight = [0.01, 0.05, 0.3, 1][random(4)] ?? 1
    const { log } = ports
    await handOver(
      gates,
      { log, topic: plan.touchedTopic, positions, former: former.contribute, successor: successor.contribute },
      { random, meanwhile: async () => (random(12) === 0 ? change() : undefined) },
    )
    await handOver(
      gates,
      { log, topic: plan.contributionsTopic, positions, former: former.fold, successor: successor.fold },
      { random, meanwhile: async () => undefined },
    )
    onRound(sortedRows(await toldRows(log)), (await expectedRows(ports.store)).totals)
    former = successor
  }
}
