// The ingest that other processes do, as far as the log tells: how much waits, and when nothing does any more. Tells the user which process
// to start when nothing moves.
import { planDerivations } from '../ingest/derive/derivations.ts'
import { FoldElsewhere } from '../ingest/derive/fold-elsewhere.ts'
import { FoldLedger } from '../ingest/derive/fold-ledger.ts'
import { groupOf, rekeyGroupOf } from '../ingest/entity-plan.ts'
import { GroupProgress } from '../ingest/group-progress.ts'
import type { Ingest } from '../ingest/main.ts'
import { limits } from '../platform/limits.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { EventLog } from '../platform/ports/event-log.ts'
import type { Product } from '../schema/model.ts'
import { topicNames } from '../schema/topics.ts'
import type { Terminal } from './command-context.ts'
import type { FoldSources } from './fold-sources.ts'
import { count } from './progress.ts'

interface Ports {
  readonly log: EventLog
  readonly clock: Clock
}

interface Stage {
  readonly product: string
  /** The entity's, of which the stage may read another. */
  readonly topic: string
  readonly rekeying: boolean
  readonly progress: GroupProgress
}

/**
 * Of the products, and of what is derived in them. Their topics and those of the inputs exist. FOLD_INPUT_MISSING, FOLD_FUNCTIONS_MISSING.
 */
export function ingestElsewhere(
  products: readonly Product[],
  ports: Ports,
  sources: FoldSources,
): Pick<Ingest, 'caughtUp' | 'lag'> {
  const stages = products.flatMap((product) => stagesOf(product, ports))
  const ledger = new FoldLedger(ports)
  const plans = planDerivations({ ...sources, products, log: ports.log })
  const folds = plans.map((plan) => new FoldElsewhere({ ...ports, plan, ledger }))
  return {
    async caughtUp() {
      await written(stages)
      // What is made from another comes after it.
      for (const fold of folds) {
        await fold.caughtUp()
        await written(stages.filter(({ topic }) => topic === fold.plan.source.topic))
      }
    },
    async lag() {
      const each = await Promise.all([
        ...stages.map(async ({ product, progress }) => ({ product, lag: await progress.lag() })),
        ...folds.map(async (fold) => ({ product: nameOf(fold.plan.product), lag: await fold.lag() })),
      ])
      const lags: Record<string, number> = {}
      for (const { product, lag } of each) lags[product] = (lags[product] ?? 0) + lag
      return lags
    },
  }
}

// What re-keying appends, writing must see.
async function written(stages: readonly Stage[]): Promise<void> {
  for (const rekeying of [true, false]) {
    const waiting = stages.filter((stage) => stage.rekeying === rekeying)
    await Promise.all(waiting.map(({ progress }) => progress.caughtUp()))
  }
}

function stagesOf(product: Product, ports: Ports): Stage[] {
  return product.entities.flatMap(({ source }) => {
    if (source === null) return []
    const stage = (rekeying: boolean, group: string, topic: string): Stage => ({
      product: nameOf(product),
      topic: source.topic,
      rekeying,
      progress: new GroupProgress(group, topic, ports),
    })
    if (!source.rekeyed) return [stage(false, groupOf(product), source.topic)]
    return [
      stage(true, rekeyGroupOf(product), source.topic),
      stage(false, groupOf(product), topicNames.rekeyed(source.topic)),
    ]
  })
}

function nameOf({ domain, name }: Product): string {
  return `${domain}/${name}`
}

export interface StandstillOptions {
  readonly ingest: Pick<Ingest, 'lag'>
  readonly terminal: Terminal
  readonly clock: Clock
  /** Command that would ingest what waits. */
  readonly command: string
  readonly signal: AbortSignal
}

/** Until the signal: says once per standstill that records wait and nobody ingests them. Never rejects. */
export async function tellStandstills(options: StandstillOptions): Promise<void> {
  const { ingest, terminal, clock, command, signal } = options
  let waiting = 0
  let sinceMs = clock.monotonic()
  let told = false
  while (!signal.aborted) {
    // A log that is away is told of elsewhere, and is no standstill of ingest.
    const lags = await ingest.lag().catch(() => null)
    const now = lags === null ? 0 : Object.values(lags).reduce((sum, lag) => sum + lag, 0)
    const moving = now === 0 || now !== waiting
    if (moving) {
      waiting = now
      sinceMs = clock.monotonic()
      told = false
    } else if (!told && clock.monotonic() - sinceMs >= limits.ingestStandstillMs) {
      told = true
      terminal.report(
        `${count(now)} records wait, and nothing ingests them. Start \`${command}\`, or see what its log says; this command goes on by itself.\n`,
      )
    }
    await clock.sleep(limits.ingestStandstillPollMs, signal).catch(() => undefined)
  }
}
