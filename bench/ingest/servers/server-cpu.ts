// CPU time of a server of this machine, by the port that it listens on. Linux only: elsewhere it is 0.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const TICKS_PER_SECOND = 100
const LISTEN = '0A'

/** The process that listens at `host:port`; 0 where it cannot be found. */
export function serverProcess(address: string): number {
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listening(table, port)))
  for (const pid of namesIn('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    for (const descriptor of namesIn(`/proc/${pid}/fd`)) {
      if (inodes.has(linkOf(`/proc/${pid}/fd/${descriptor}`))) return Number(pid)
    }
  }
  return 0
}

export function cpuSecondsOf(pid: number): number {
  if (pid === 0) return 0
  const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
  // Behind the name, which may hold anything: state is field 3, user and system time 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

function listening(table: string, port: number): string[] {
  const rows = textOf(table).split('\n').slice(1)
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode] = row.trim().split(/\s+/)
    return state === LISTEN && Number.parseInt(local.split(':')[1] ?? '', 16) === port ? [`socket:[${inode}]`] : []
  })
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return ''
  }
}
