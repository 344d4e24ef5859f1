// An owner of a partition that does not know that it is none any more, beside its successor: of the contribute stage and of the fold stage, their
// calls in any order. Whatever the former still does, the derived topic ends with the folds over the inputs' visible rows.
import { MeshgateError } from '../../../platform/errors.ts'
import type { EventLog, LogRecord } from '../../../platform/ports/event-log.ts'
import type { Row } from '../../../schema/row.ts'
import { seededInteger } from '../../seeded-random.ts'
import { allRecords } from '../open-ports.ts'
import type { Random } from '../random-things.ts'
import { FoldBed, type HandedOver, type Owner, type Owners } from './fold-bed.ts'
import { Gates, type Pace } from './gated-ports.ts'

const ROUNDS = 8

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

/** Tells after each round what the topic says and what it must. */
export async function handOvers(
  derived: HandedOver,
  seed: number,
  onRound: (told: readonly Row[], expected: readonly Row[]) => void,
): Promise<void> {
  const random = seededInteger(seed)
  const bed = await FoldBed.open(derived)
  const { plan, positions, inputs } = bed
  const { log } = bed.ports
  const gates = new Gates(random)
  const owners = (): Owners & { readonly pace: Pace } => {
    const pace = { weight: 1 }
    return { pace, ...bed.owners((ports) => gates.ports(ports, pace)) }
  }
  const change = async (): Promise<void> => {
    for (const [topic, records] of derived.changes(random)) await inputs.take(topic, records)
  }
  let former = owners()
  for (let round = 0; round < ROUNDS; round += 1) {
    await change()
    const successor = owners()
    former.pace.weight = [0.01, 0.05, 0.3, 1][random(4)] ?? 1
    do {
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
      // What fold touches is to be looked at.
    } while ((await allRecords(log, plan.touchedTopic)).length > (positions.get(plan.touchedTopic) ?? 0))
    onRound(await bed.told(), await bed.expected())
    former = successor
  }
}
