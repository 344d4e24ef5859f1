// What retention has taken is told and never passed over: a subscriber with an old cursor gets SUBSCRIPTION_GAP and one with a new cursor goes
// on; a group whose position has passed gets LOG_OFFSET_OUT_OF_RANGE, stays where it was and writes nothing behind the gap.
import { setTimeout as sleep } from 'node:timers/promises'
import { groupOf } from '../../../ingest/entity-plan.ts'
import { ANONYMOUS } from '../../../platform/governance/principal.ts'
import type { AppendRecord } from '../../../platform/ports/event-log.ts'
import type { SubgraphResponse, SubscriptionExtension } from '../../../platform/ports/subgraph-endpoint.ts'
import type { FaultProduct } from '../fault-products.ts'
import { makeRecord } from '../record-maker.ts'
import { markKeys } from '../end-marks.ts'
import type { Observer } from '../observer.ts'
import type { EmbeddedMesh } from './mesh.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const PATIENCE_MS = 120_000
const POLL_MS = 5

export async function passRetention(
  mesh: EmbeddedMesh,
  products: readonly FaultProduct[],
  observers: readonly Observer[],
): Promise<readonly string[]> {
  const problems: string[] = []
  for (const product of products.slice(0, 2)) {
    const observer = observers.find((candidate) => candidate.product === product)
    if (observer === undefined) continue
    const oldest = observer.cursor
    await tellOneMore(mesh, observer)
    const newest = observer.cursor
    mesh.clock.offsetMs += 8 * DAY_MS
    await mesh.maintain()
    const old = await firstAnswer(mesh, product, oldest)
    if (old !== 'SUBSCRIPTION_GAP') problems.push(`${product.name}: an old cursor got ${old}`)
    const fresh = await firstAnswer(mesh, product, newest)
    if (fresh !== 'started') problems.push(`${product.name}: a new cursor got ${fresh}`)
    // Behind re-keying the group's positions are of another topic.
    if (product.keyField === 'id') problems.push(...(await passSource(mesh, product)))
  }
  return problems
}

/** One more change, told to the observer. */
async function tellOneMore(mesh: EmbeddedMesh, observer: Observer): Promise<void> {
  const { product, events } = observer
  const told = events.length
  await mesh.append(product.topic, marksOf(product).slice(0, 1))
  await until(async () => events.length > told, `${product.name}: a change was not told`)
}

function marksOf(product: FaultProduct): readonly AppendRecord[] {
  const cells = { serial: 0, customerId: 'nobody', rank: 0 }
  return markKeys(product).map((id) => makeRecord(product, { id, version: 950_000_000, cells, customerId: 'nobody' }))
}

/** What a subscriber with the cursor is answered first: `started`, or the error's code. */
async function firstAnswer(mesh: EmbeddedMesh, product: FaultProduct, cursor: string | null): Promise<string> {
  const extensions = { meshgate: { cursor, started: true } }
  const query = `subscription { ${product.name}Changed { id } }`
  const stream = await mesh
    .endpoint(product)
    .subscribe({ query, principal: ANONYMOUS, extensions })
    .catch((error: unknown) => refusalOf(error))
  if (typeof stream === 'string') return stream
  const { value } = (await stream.next()) as { value: SubgraphResponse | undefined }
  await stream.return?.()
  const meshgate = value?.extensions?.['meshgate'] as SubscriptionExtension | undefined
  if (meshgate?.started === true) return 'started'
  return String(value?.errors?.[0]?.extensions?.['code'])
}

function refusalOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null
  const [first] = Array.isArray(cause) ? (cause as { extensions?: Record<string, unknown> }[]) : []
  return String(first?.extensions?.['code'] ?? error)
}

async function passSource(mesh: EmbeddedMesh, product: FaultProduct): Promise<string[]> {
  const { log, clock } = mesh
  const { topic, partitions } = product
  const group = groupOf(product.product)
  while (mesh.members.length > 0) await mesh.leave(0)
  const unseen = marksOf(product)
  await log.append(topic, unseen)
  const before = await log.committed(group, topic)
  await log.createTopics([{ name: topic, partitions, retentionMs: HOUR_MS, compacted: false }])
  clock.offsetMs += 2 * HOUR_MS
  await mesh.maintain()
  await log.append(topic, unseen)
  const seen = mesh.consumerErrors.length
  await mesh.join()
  const told = (): number[] =>
    mesh.consumerErrors
      .slice(seen)
      .filter((error) => error.topic === topic && error.code === 'LOG_OFFSET_OUT_OF_RANGE')
      .map(({ partition }) => partition)
  await until(async () => new Set(told()).size === partitions, `${product.name}: a gap of the source was not told`)
  const after = await log.committed(group, topic)
  return before.join() === after.join()
    ? []
    : [`${product.name}: the group stood at ${before.join()} and was reset to ${after.join()}`]
}

async function until(condition: () => Promise<boolean>, otherwise: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(otherwise)
    await sleep(POLL_MS)
  }
}
