// What a process and its children cost, from /proc: CPU of all their threads, and memory. Linux only.
import { readFileSync, readdirSync } from 'node:fs'

/** Of /proc/<pid>/stat; the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

export interface ProcessUsage {
  readonly cpuSeconds: number
  readonly rssBytes: number
  /** The most that each of them ever had, added up. */
  readonly rssPeakBytes: number
  readonly processes: number
}

export function readUsage(root: number): ProcessUsage {
  let cpuSeconds = 0
  let rssBytes = 0
  let rssPeakBytes = 0
  const tree = processTree(root)
  for (const pid of tree) {
    cpuSeconds += readCpuSeconds(pid)
    const status = readProc(`/proc/${pid}/status`)
    rssBytes += readKilobytes(status, 'VmRSS') * 1024
    rssPeakBytes += readKilobytes(status, 'VmHWM') * 1024
  }
  return { cpuSeconds, rssBytes, rssPeakBytes, processes: tree.length }
}

function processTree(root: number): readonly number[] {
  const tree = [root]
  for (const pid of tree) {
    for (const thread of readDirectory(`/proc/${pid}/task`)) {
      const children = readProc(`/proc/${pid}/task/${thread}/children`).split(' ')
      tree.push(...children.filter((child) => child !== '').map(Number))
    }
  }
  return tree
}

function readCpuSeconds(pid: number): number {
  const stat = readProc(`/proc/${pid}/stat`)
  // The command's name, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND
}

function readKilobytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
}

/** Empty where the process has ended. */
function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function readDirectory(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
