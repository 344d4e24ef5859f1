// The load generator as a process of its own. It reads what the measured processes cost at the very moments that its window begins and ends.
import { setTimeout as sleep } from 'node:timers/promises'
import { readUsage, type ProcessUsage } from '../wire/process-usage.ts'
import { ConnectionLoad, type GroupFigures, type LoadGroup } from './connection-load.ts'

export interface LoadOrder {
  readonly target: { readonly port: number; readonly path: string }
  /** Asked first, and ended before the groups begin. */
  readonly warmUp: readonly LoadGroup[]
  readonly warmUpMs: number
  readonly groups: readonly LoadGroup[]
  /** How long the groups ask before the window begins. */
  readonly leadInMs: number
  readonly windowMs: number
  /** Processes whose usage is read, by name. */
  readonly processes: Readonly<Record<string, number>>
}

export interface UsageFigures extends ProcessUsage {
  /** In the window. */
  readonly cpuSecondsUsed: number
}

export interface LoadReport {
  readonly seconds: number
  /** Of all groups, those before and after the window too, and of the warm-up. */
  readonly answers: number
  readonly groups: Readonly<Record<string, GroupFigures>>
  readonly usage: Readonly<Record<string, UsageFigures>>
}

/** Answers that do not come are not waited for: a gateway that hangs shows as one that answers little. */
const DRAIN_MS = 10_000

process.on('message', (order: LoadOrder) => {
  void measure(order).then((report) => process.send?.(report))
})
process.on('disconnect', () => process.exit())

async function measure(order: LoadOrder): Promise<LoadReport> {
  const warmUpAnswers = order.warmUpMs > 0 ? await warmUp(order) : 0
  const loads = order.groups.map((group) => new ConnectionLoad(group, order.target))
  const running = loads.map((load) => load.run())
  await sleep(order.leadInMs)
  for (const load of loads) load.takeFigures()
  const before = readAll(order.processes)
  const startedAt = performance.now()
  await sleep(order.windowMs)
  const figures = loads.map((load) => [load.name, load.takeFigures()] as const)
  const seconds = (performance.now() - startedAt) / 1000
  const after = readAll(order.processes)
  await stop(loads, running)
  return {
    seconds,
    answers: warmUpAnswers + totalOf(loads),
    groups: Object.fromEntries(figures),
    usage: Object.fromEntries(
      [...after].map(([name, usage]) => [
        name,
        { ...usage, cpuSecondsUsed: usage.cpuSeconds - (before.get(name)?.cpuSeconds ?? 0) },
      ]),
    ),
  }
}

async function warmUp({ warmUp: groups, target, warmUpMs }: LoadOrder): Promise<number> {
  const loads = groups.map((group) => new ConnectionLoad(group, target))
  const running = loads.map((load) => load.run())
  await sleep(warmUpMs)
  await stop(loads, running)
  return totalOf(loads)
}

function totalOf(loads: readonly ConnectionLoad[]): number {
  return loads.reduce((sum, { total }) => sum + total, 0)
}

async function stop(loads: readonly ConnectionLoad[], running: readonly Promise<void>[]): Promise<void> {
  for (const load of loads) load.stop()
  await Promise.race([Promise.all(running), sleep(DRAIN_MS, undefined, { ref: false })])
}

function readAll(processes: Readonly<Record<string, number>>): ReadonlyMap<string, ProcessUsage> {
  return new Map(Object.entries(processes).map(([name, pid]) => [name, readUsage(pid)]))
}
