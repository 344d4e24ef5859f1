// One round of a mode with one gateway: starts it, warms it up, measures a window, and stops it. What it costs is read from /proc.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OTHER_CORES, startGatewayProcess, type RunningGateway } from '../gateways/running-gateway.ts'
import type { GatewayUnderTest } from '../gateways/gateway-under-test.ts'
import { AnswerCheck } from '../load/answer-check.ts'
import type { GroupFigures } from '../load/connection-load.ts'
import type { LoadOrder, LoadReport } from '../load/load-process.ts'
import { benchQuery } from '../mesh/bench-query.ts'
import { requestBody } from '../mesh/operations.ts'
import type { SubgraphsOrder, SubgraphsReport } from '../mesh/subgraphs-process.ts'
import type { MeshName } from '../mesh/subgraphs.ts'
import { WorkerProcess } from '../wire/worker-process.ts'
import { readUsage } from '../wire/process-usage.ts'
import type { AppendsOrder, AppendsReport } from './appends-process.ts'
import type { Mode, Round } from './mode.ts'

const MEGABYTE = 1_048_576
const FORWARDED = 'authorization'
/** Connections are made and the first of them answered before a window begins. */
const LEAD_IN_MS = 500

export interface Windows {
  readonly warmUpMs: number
  readonly windowMs: number
}

export class Laboratory {
  readonly #subgraphs: WorkerProcess<SubgraphsOrder, SubgraphsReport>
  readonly #load: WorkerProcess<LoadOrder, LoadReport>
  readonly #supergraphs: Readonly<Record<MeshName, string>>
  readonly #windows: Windows
  readonly #profiles: string | null

  private constructor(parts: {
    readonly subgraphs: WorkerProcess<SubgraphsOrder, SubgraphsReport>
    readonly load: WorkerProcess<LoadOrder, LoadReport>
    readonly supergraphs: Readonly<Record<MeshName, string>>
    readonly windows: Windows
    readonly profiles: string | null
  }) {
    this.#subgraphs = parts.subgraphs
    this.#load = parts.load
    this.#supergraphs = parts.supergraphs
    this.#windows = parts.windows
    this.#profiles = parts.profiles
  }

  /** The supergraphs' files go into the directory. `profiles`: where the gateways' CPU profiles go. */
  static async open(directory: string, windows: Windows, profiles: string | null): Promise<Laboratory> {
    const subgraphs = WorkerProcess.start<SubgraphsOrder, SubgraphsReport>(
      new URL('../mesh/subgraphs-process.ts', import.meta.url),
      OTHER_CORES,
    )
    const load = WorkerProcess.start<LoadOrder, LoadReport>(
      new URL('../load/load-process.ts', import.meta.url),
      OTHER_CORES,
    )
    const started = await subgraphs.report()
    if (started.kind !== 'started') throw new Error('The subgraphs have not started.')
    const names = Object.keys(started.supergraphs) as MeshName[]
    const files = names.map((name) => [name, join(directory, `${name}.graphql`)] as const)
    for (const [name, file] of files) await writeFile(file, started.supergraphs[name])
    const supergraphs = Object.fromEntries(files) as Record<MeshName, string>
    return new Laboratory({ subgraphs, load, supergraphs, windows, profiles })
  }

  async round(mode: Mode, gateway: GatewayUnderTest): Promise<Round> {
    const { subgraphLatencyMs: latencyMs, authorization: requireAuthorization } = mode
    await this.#subgraphs.ask({ kind: 'behave', behaviour: { latencyMs, requireAuthorization } })
    if (mode.kind === 'appends') return this.#appends()
    const query = mode.kind === 'cold-start' ? mode.query : benchQuery
    const running = await startGatewayProcess(gateway, {
      setup: {
        supergraph: this.#supergraphs[mode.mesh],
        sharing: mode.sharing,
        forwardHeader: mode.authorization ? FORWARDED : null,
      },
      body: requestBody(query),
      authorization: mode.authorization,
      profiles: this.#profiles,
    })
    try {
      if (mode.kind === 'cold-start') return coldStart(running, mode.expected)
      if (mode.kind === 'load') return await this.#underLoad(mode, running, gateway.path)
      return await this.#beside(mode, running, gateway.path)
    } finally {
      await running.stop()
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#subgraphs.close(), this.#load.close()])
  }

  async #underLoad(mode: Extract<Mode, { kind: 'load' }>, gateway: RunningGateway, path: string): Promise<Round> {
    const { warmUp, group, windows = 1 } = mode
    const { windowMs, warmUpMs } = this.#windows
    // The same load as in the window needs no end before it.
    const before = warmUp === null ? { warmUp: [], warmUpMs: 0, leadInMs: warmUpMs } : { warmUp, warmUpMs, leadInMs: 0 }
    await this.#subgraphs.ask({ kind: 'take-counters' })
    const report = await this.#measure(gateway, path, { ...before, groups: [group], windowMs: windows * windowMs })
    const counted = await this.#subgraphs.ask({ kind: 'take-counters' })
    const counters = counted.kind === 'counters' ? Object.values(counted.counters) : []
    return figuresOf(
      report,
      group.name,
      counters.reduce((sum, { requests }) => sum + requests, 0),
    )
  }

  async #beside(mode: Extract<Mode, { kind: 'beside' }>, gateway: RunningGateway, path: string): Promise<Round> {
    const { ordinary, other, windows = 1 } = mode
    const { warmUpMs } = this.#windows
    const window = { leadInMs: LEAD_IN_MS, windowMs: windows * this.#windows.windowMs }
    const warmUp = [{ ...ordinary, paceMs: 0 }]
    const alone = await this.#measure(gateway, path, { warmUp, warmUpMs, groups: [ordinary], ...window })
    const groups = [ordinary, other]
    const beside = await this.#measure(gateway, path, { warmUp: [], warmUpMs: 0, groups, ...window })
    const before = groupOf(alone, ordinary.name)
    const after = groupOf(beside, ordinary.name)
    return {
      figures: {
        aloneP50Ms: before.p50Ms,
        aloneP99Ms: before.p99Ms,
        besideP50Ms: after.p50Ms,
        besideP99Ms: after.p99Ms,
        besideMaxMs: after.maxMs,
        ordinaryPerSecond: after.completed / beside.seconds,
        hostilePerSecond: groupOf(beside, other.name).completed / beside.seconds,
        rssPeakMb: (beside.usage.gateway?.rssPeakBytes ?? 0) / MEGABYTE,
        wrong: before.wrong + after.wrong,
        failed: before.failed + after.failed,
      },
      sample: before.sample ?? after.sample,
    }
  }

  async #appends(): Promise<Round> {
    const worker = WorkerProcess.start<AppendsOrder, AppendsReport>(
      new URL('./appends-process.ts', import.meta.url),
      '0',
    )
    try {
      return { figures: await worker.ask({ supergraph: this.#supergraphs.four, ...this.#windows }), sample: null }
    } finally {
      await worker.close()
    }
  }

  #measure(gateway: RunningGateway, path: string, order: Omit<LoadOrder, 'target' | 'processes'>): Promise<LoadReport> {
    return this.#load.ask({
      target: { port: gateway.port, path },
      processes: { gateway: gateway.pid, subgraphs: this.#subgraphs.pid, load: this.#load.pid },
      ...order,
    })
  }
}

function coldStart({ pid, firstAnswerMs, firstAnswer }: RunningGateway, expected: string): Round {
  const usage = readUsage(pid)
  const isRight = new AnswerCheck(expected).isRight(Buffer.from(firstAnswer))
  return {
    figures: {
      firstAnswerMs,
      cpuMs: usage.cpuSeconds * 1000,
      rssPeakMb: usage.rssPeakBytes / MEGABYTE,
      wrong: isRight ? 0 : 1,
      failed: 0,
    },
    sample: isRight ? null : firstAnswer,
  }
}

function groupOf(report: LoadReport, name: string): GroupFigures {
  const figures = report.groups[name]
  if (figures === undefined) throw new Error(`The load generator reports nothing of "${name}".`)
  return figures
}

function figuresOf(report: LoadReport, name: string, subgraphCalls: number): Round {
  const { completed, wrong, failed, p50Ms, p95Ms, p99Ms, operations, sample } = groupOf(report, name)
  const { gateway, subgraphs, load } = report.usage
  const cpuSeconds = gateway?.cpuSecondsUsed ?? 0
  return {
    figures: {
      requestsPerSecond: completed / report.seconds,
      requestsPerCpuSecond: completed / cpuSeconds,
      cpuMsPerRequest: (cpuSeconds * 1000) / completed,
      p50Ms,
      p95Ms,
      p99Ms,
      rssMb: (gateway?.rssBytes ?? 0) / MEGABYTE,
      rssPeakMb: (gateway?.rssPeakBytes ?? 0) / MEGABYTE,
      subgraphCalls: subgraphCalls / report.answers,
      gatewayCores: cpuSeconds / report.seconds,
      subgraphCores: (subgraphs?.cpuSecondsUsed ?? 0) / report.seconds,
      loadCores: (load?.cpuSecondsUsed ?? 0) / report.seconds,
      operations,
      wrong,
      failed,
    },
    sample,
  }
}
