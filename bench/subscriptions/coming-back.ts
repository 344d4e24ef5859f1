// Clients whose connections are cut at random and that come back with their cursors, while events come: each must be told each of its events once.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { invariant } from '../../platform/errors.ts'
import type { BenchPart } from '../ingest/part.ts'
import { startMeshgate } from '../processes/meshgate-process.ts'
import { EVENTS_PER_SECOND, ReadingsSource } from './readings-source.ts'
import type { ReturningReport } from './returning-subscribers.ts'

const CLIENTS = 1_000
const SUBSCRIPTIONS = 100
const CUTS_PER_SECOND = 100
const SECONDS = 60
const PATIENCE_MS = 30_000
/** Readings of a sensor, which are corrected in turn. */
const MOMENTS = 5

const subscribers = fileURLToPath(new URL('returning-subscribers.ts', import.meta.url))

export const comingBack: BenchPart = {
  name: 'coming back',
  about: `${CLIENTS.toLocaleString('en-US')} clients of meshgate/client (two of three over WebSockets, the others over event streams) on ${SUBSCRIPTIONS} distinct subscriptions, ${EVENTS_PER_SECOND} changes a second in all, ${CUTS_PER_SECOND} of the connections cut a second for ${SECONDS} s, each back within a second with its cursor. twice, missing and outOfOrder: changes that a client was told more than once, not at all, or behind a newer one of the same key.`,
  aims: [
    { figure: 'twice', atMost: 0 },
    { figure: 'missing', atMost: 0 },
    { figure: 'outOfOrder', atMost: 0 },
  ],
  servers: false,
  round: async ({ scale }) => {
    await using parts = new AsyncDisposableStack()
    const directory = await mkdtemp(join(tmpdir(), 'meshgate-coming-back-'))
    parts.defer(() => rm(directory, { recursive: true, force: true }))
    const environment = { LOG_LEVEL: 'warn', MESHGATE_DATA_DIR: directory }
    const mesh = await startMeshgate({ args: ['dev', '--no-sample', 'telemetry/readings'], environment })
    parts.defer(async () => void (await mesh.stop()))
    await mesh.ready()
    const sensors = Array.from({ length: SUBSCRIPTIONS }, (_, sensor) => `back-${sensor}`)
    const process = fork(subscribers, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    parts.defer(() => void process.kill())
    process.send({ connect: { url: `${mesh.url}/graphql`, clients: CLIENTS, sensors } })
    await once(process, 'message')
    process.send({ cut: { perSecond: CUTS_PER_SECOND } })
    const source = new ReadingsSource(mesh.url, sensors, MOMENTS)
    const events = await source.postFor(SECONDS * scale)
    process.send({ stop: true })
    await once(process, 'message')
    const missingOf = ({ told }: ReturningReport): number =>
      told.reduce((sum, count, client) => sum + source.postedOf(client % SUBSCRIPTIONS) - count, 0)
    const report = await reported(process, (each) => missingOf(each) === 0)
    invariant(report.ended.length === 0, `no subscription ends: ${report.ended[0] ?? ''}`)
    const { cuts, twice, outOfOrder, told } = report
    const messages = told.reduce((sum, count) => sum + count, 0)
    return {
      events,
      messages,
      cuts,
      twice: twice.length,
      missing: missingOf(report),
      outOfOrder: outOfOrder.length,
    }
  },
}

/** Once it is complete, or nothing more can be hoped for. */
async function reported(
  process: ChildProcess,
  isComplete: (report: ReturningReport) => boolean,
): Promise<ReturningReport> {
  for (const startedMs = performance.now(); ;) {
    process.send({ report: true })
    const [report] = (await once(process, 'message')) as [ReturningReport]
    if (isComplete(report) || performance.now() - startedMs > PATIENCE_MS) return report
    await sleep(200)
  }
}
