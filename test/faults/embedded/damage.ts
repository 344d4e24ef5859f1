// What a crash may leave on the disk beside what was acknowledged: torn tails, and after a loss of power any part of what was not synced.
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { SEGMENT_HEADER_BYTES } from '../../../platform/adapters/embedded-log/segment-header.ts'
import { DURABLE_FILE } from './child-messages.ts'
import type { DurableBytes } from './fault-files.ts'

type Random = (below: number) => number

const TORN_BYTES_MAX = 300

/** Bytes that no append has written, behind the newest segments, the groups' positions and the store's write-ahead logs. */
export function tearTails(directory: string, random: Random): void {
  for (const path of filesBelow(directory)) {
    const isTail = path.endsWith('.positions') || path.endsWith('-wal') || isNewestSegment(path)
    // A segment is made with its head alone: nothing can lie behind half a head.
    if (!isTail || random(3) === 0 || (path.endsWith('.log') && statSync(path).size < SEGMENT_HEADER_BYTES)) continue
    const length = 1 + random(TORN_BYTES_MAX)
    const zeros = random(3) === 0
    appendFileSync(path, Buffer.from(Array.from({ length }, () => (zeros ? 0 : random(256)))))
  }
}

/** Takes away any part of what had not been synced when the process died. */
export function losePower(directory: string, random: Random): void {
  const note = join(directory, DURABLE_FILE)
  if (!existsSync(note)) return
  const durable = JSON.parse(readFileSync(note, 'utf8')) as DurableBytes
  rmSync(note)
  for (const [path, bytes] of Object.entries(durable)) {
    if (!existsSync(path)) continue
    const { size } = statSync(path)
    if (size <= bytes) continue
    const kept = bytes + random(size - bytes + 1)
    truncateSync(path, kept)
    // Sometimes the length was durable and the bytes were not.
    if (random(2) === 0) truncateSync(path, size)
  }
}

/** As if the groups had been idle for longer than their positions are kept. */
export function losePositions(directory: string): void {
  for (const path of filesBelow(directory)) if (path.endsWith('.positions')) rmSync(path)
}

function isNewestSegment(path: string): boolean {
  if (!path.endsWith('.log')) return false
  const segments = readdirSync(dirname(path)).filter((name) => name.endsWith('.log'))
  return segments.toSorted().at(-1) === basename(path)
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}
