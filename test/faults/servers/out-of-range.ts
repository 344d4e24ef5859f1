// What must happen where retention has passed somebody's position: ingest stops that partition with a typed error, goes on with the others and
// moves no position; a subscriber that comes back with such a cursor is told of the gap.
import { setTimeout as sleep } from 'node:timers/promises'
import { groupOf } from '../../../ingest/entity-plan.ts'
import { MeshgateError } from '../../../platform/errors.ts'
import { ANONYMOUS } from '../../../platform/governance/principal.ts'
import { topicNames } from '../../../schema/topics.ts'
import { endMarks } from '../end-marks.ts'
import type { FaultProduct } from '../fault-products.ts'
import type { ServerMesh } from './server-mesh.ts'

const WAIT_MS_MAX = 60_000
const POLL_MS = 20
const TOLD = 'LOG_OFFSET_OUT_OF_RANGE'

/** What is wrong; the mesh is not to be used afterwards. */
export async function outOfRange(mesh: ServerMesh): Promise<readonly string[]> {
  const product = mesh.products.find(({ keyField }) => keyField === 'id')
  const observer = mesh.observers.find((one) => one.product === product)
  if (product === undefined || observer === undefined || observer.cursor === null) return []
  const { cursor } = observer
  await mesh.members.endAll('SIGTERM')
  const group = groupOf(product.product)
  const before = await mesh.log.committed(group, product.topic)
  const marks = endMarks(product).records
  const positions = await mesh.log.append(product.topic, [...marks, ...marks])
  const lost = positions[0]?.partition ?? 0
  await deleteAll(mesh, product.topic, lost)
  mesh.members.failures.length = 0
  mesh.members.add()
  await until(() => mesh.members.failures.some((failure) => failure.includes(TOLD)))
  const ends = (await mesh.log.offsets(product.topic)).map(({ next }) => next)
  const others = (await mesh.log.offsets(product.topic)).filter(({ partition }) => partition !== lost)
  const due = async (): Promise<boolean> => {
    const committed = await mesh.log.committed(group, product.topic)
    return others.every(({ partition }) => committed[partition] === ends[partition])
  }
  const wentOn = await until(due)
  const after = await mesh.log.committed(group, product.topic)
  return [
    ...(mesh.members.failures.some((failure) => failure.includes(TOLD))
      ? []
      : [`${product.name}: ingest did not say ${TOLD}`]),
    ...(wentOn ? [] : [`${product.name}: the other partitions did not go on`]),
    ...(after[lost] === before[lost]
      ? []
      : [`${product.name}: the position went from ${String(before[lost])} to ${String(after[lost])}`]),
    ...(await gapOf(mesh, product, cursor)),
  ]
}

async function gapOf(mesh: ServerMesh, product: FaultProduct, cursor: string): Promise<readonly string[]> {
  const changes = topicNames.changes(product.topic)
  for (const { partition } of await mesh.log.offsets(changes)) await deleteAll(mesh, changes, partition)
  const query = `subscription { ${product.name}Changed { id } }`
  const extensions = { meshgate: { cursor } }
  const refused = await mesh
    .subgraphOf(product)
    .subscribe({ query, principal: ANONYMOUS, extensions })
    .then(
      async (stream) => void (await stream.return?.()),
      (error: unknown) => error,
    )
  // A refusal has its GraphQL errors as the cause.
  const cause = refused instanceof MeshgateError ? JSON.stringify(refused.cause) : ''
  return cause.includes('SUBSCRIPTION_GAP')
    ? []
    : [`${product.name}: behind retention a subscriber got ${String(refused)}`]
}

async function deleteAll({ servers, log }: ServerMesh, topic: string, partition: number): Promise<void> {
  const next = (await log.offsets(topic))[partition]?.next ?? 0
  await servers.withAdmin(async (admin) => {
    // Without it, kafkajs does not know the leaders.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(next) }] })
  })
}

async function until(isDue: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + WAIT_MS_MAX
  while (!(await isDue())) {
    if (performance.now() > deadline) return false
    await sleep(POLL_MS)
  }
  return true
}
