// Asks for a replay of a product: plans it and makes it a durable fact, which whoever ingests the product follows. One at a time of a product.
import type { Product } from '../../schema/model.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { planReplay } from './plan-replay.ts'
import {
  appendDone,
  appendRequest,
  forget,
  ReplayFacts,
  type Replay,
  type ReplayRange,
  type ReplayRequest,
} from './replay-facts.ts'
import type { ReplayFrom } from './replay-from.ts'

export interface ReplayAsked {
  /** Of the caller's making: asked for again with the same id, it is the same replay. */
  readonly id: string
  readonly product: Product
  readonly from: ReplayFrom
  readonly requestedBy: string | null
}

interface Ports {
  readonly log: EventLog
  readonly clock: Clock
}

/** What it would read again; appends nothing. */
export async function dryRun(
  { log }: Pick<Ports, 'log'>,
  { product, from }: Pick<ReplayAsked, 'product' | 'from'>,
): Promise<readonly ReplayRange[]> {
  requireNoneRuns(await factsOf(log), nameOf(product), null)
  return planReplay(log, product, from)
}

/** Null where there is nothing to read again. REPLAY_RUNNING, REPLAY_RANGE_GONE, REPLAY_INVALID. */
export async function requestReplay(ports: Ports, asked: ReplayAsked): Promise<ReplayRequest | null> {
  const { log, clock } = ports
  const made = (await factsOf(log)).all().find(({ id }) => id === asked.id)
  if (made !== undefined) return made
  const ranges = await dryRun(ports, asked)
  if (ranges.length === 0) return null
  const request: ReplayRequest = {
    id: asked.id,
    product: nameOf(asked.product),
    from: asked.from.text,
    ranges,
    requestedAt: new Date(clock.now()).toISOString(),
    requestedBy: asked.requestedBy,
  }
  await appendRequest(log, request)
  // Another may have been asked for at the same moment: the earlier one is it.
  const facts = await factsOf(log)
  try {
    requireNoneRuns(facts, request.product, request.id)
  } catch (error) {
    await forget(log, request)
    throw error
  }
  await forgetOld(log, facts, request.product)
  return request
}

/**
 * Gives up the replay that runs, so that another can be asked for: of a partition that cannot be read on. Positions stay where they are, so
 * what was set back is read on all the same. REPLAY_INVALID where none runs.
 */
export async function cancelReplay({ log, clock }: Ports, product: Product): Promise<Replay> {
  const running = (await factsOf(log)).current(nameOf(product))
  if (running === null || running.doneAt !== null) {
    throw new MeshgateError('REPLAY_INVALID', `No replay of ${nameOf(product)} runs. There is nothing to give up.`)
  }
  await appendDone(log, running, new Date(clock.now()).toISOString(), true)
  return running
}

async function factsOf(log: EventLog): Promise<ReplayFacts> {
  const facts = new ReplayFacts(log)
  await facts.refresh()
  return facts
}

function requireNoneRuns(facts: ReplayFacts, product: string, own: string | null): void {
  const running = facts.current(product)
  if (running === null || running.doneAt !== null || running.id === own) return
  const since = `from ${running.from}, asked for at ${running.requestedAt}`
  throw new MeshgateError(
    'REPLAY_RUNNING',
    `A replay of ${product} runs already: ${since} (${running.id}). Wait for its end (GET /ingest shows it), or give it up: meshgate replay PRODUCT --cancel.`,
  )
}

async function forgetOld(log: EventLog, facts: ReplayFacts, product: string): Promise<void> {
  const done = facts.all().filter((replay: Replay) => replay.product === product && replay.doneAt !== null)
  for (const replay of done.slice(0, -limits.replaysKeptMax)) await forget(log, replay)
}

function nameOf(product: Product): string {
  return `${product.domain}/${product.name}`
}
