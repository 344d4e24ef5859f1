// What rows contribute to a group of a direct fold, many to a row of the group's partition: those of a batch and of one span of event time together.
// A contributor may stand in several, where owners before wrote late: of its versions the highest holds.
import { limits } from '../../platform/limits.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { Store, Write } from '../../platform/ports/store.ts'
import { cellText, type Value } from '../../schema/row.ts'
import { charactersOf, TIME_MS, type Entry } from './entries.ts'
import { FOLD_GROUPS, STATE_MEMBER } from './fold-tables.ts'
import { contentWrite, type GroupAt } from './group-rows.ts'

export interface Chunk {
  /** Names its row. */
  readonly name: string
  /** Offset of the last message that is in it. */
  readonly at: number
  readonly entries: Entry[]
}

/** From the year 0 on, so that names of spans order as they do. */
const YEAR_0_MS = 62_167_219_200_000
const SPAN_DIGITS = 15
const SEPARATOR = '/'
const BEHIND_SEPARATOR = '0'

export function spanOf(timeMs: number, spanMs: number): string {
  return String(Math.floor((timeMs + YEAR_0_MS) / spanMs)).padStart(SPAN_DIGITS, '0')
}

/** Chunks of the spans, all of the group where there are none. FOLD_GROUP_TOO_LARGE beyond what a process may hold of one. */
export async function readChunks(
  store: Store,
  at: GroupAt,
  { spans, signal }: { readonly spans: readonly string[] | null; readonly signal: AbortSignal },
): Promise<Chunk[]> {
  if (spans === null) return readRange(store, at, { bounds: null, signal })
  const chunks: Chunk[] = []
  for (let from = 0; from < spans.length; from += limits.foldPagesAtOnceMax) {
    const some = spans.slice(from, from + limits.foldPagesAtOnceMax)
    const read = await Promise.all(some.map((span) => readRange(store, at, { bounds: span, signal })))
    chunks.push(...read.flat())
  }
  return chunks
}

async function readRange(
  store: Store,
  { fold, group }: GroupAt,
  { bounds, signal }: { readonly bounds: string | null; readonly signal: AbortSignal },
): Promise<Chunk[]> {
  const chunks: Chunk[] = []
  let entries = 0
  const range =
    bounds === null
      ? {}
      : {
          range: {
            lower: { column: 'member', value: bounds + SEPARATOR, inclusive: true },
            upper: { column: 'member', value: bounds + BEHIND_SEPARATOR, inclusive: false },
          },
        }
  for (let after = bounds === null ? { member: STATE_MEMBER } : null; ;) {
    const request = { partition: { fold, group }, limit: limits.pageRowsMax, ...range }
    const page = await store.page(FOLD_GROUPS.name, after === null ? request : { ...request, after })
    signal.throwIfAborted()
    for (const row of page.rows) {
      const { a, m } = row['content'] as unknown as { readonly a: number; readonly m: Entry[] }
      entries += m.length
      chunks.push({ name: cellText(row['member']), at: a, entries: m })
    }
    if (entries > limits.foldRefoldContributionsMax) {
      const message = `The group ${group.slice(0, 200)} has more than ${limits.foldRefoldContributionsMax} contributions, and its fold must go over all of them: group by more, or use functions that can be retracted.`
      throw new MeshgateError('FOLD_GROUP_TOO_LARGE', message)
    }
    const last = page.rows.at(-1)
    if (!page.more || last === undefined) return chunks
    after = { member: cellText(last['member']) }
  }
}

/** Writes of a chunk as it is by now. */
export function chunkWrite(at: GroupAt, { name, entries }: Chunk, of: { offset: number; writeTime: number }): Write {
  const { offset, writeTime } = of
  const content = { a: offset, m: entries } as unknown as Value
  return contentWrite({ ...at, member: name }, { content, writeTime }).write
}

/** New chunks of contributors that stand in none: by span, none much larger than its bound. */
export function newChunks(entries: readonly Entry[], { offset, spanMs }: { offset: number; spanMs: number }): Chunk[] {
  const open = new Map<string, { chunk: Chunk; characters: number; parts: number }>()
  const chunks: Chunk[] = []
  for (const entry of entries) {
    const span = spanOf(entry[TIME_MS], spanMs)
    let known = open.get(span)
    if (known === undefined || known.characters > limits.foldChunkCharactersMax) {
      const parts = (known?.parts ?? -1) + 1
      const chunk: Chunk = { name: `${span}${SEPARATOR}${offset}.${parts}`, at: offset, entries: [] }
      chunks.push(chunk)
      open.set(span, (known = { chunk, characters: 0, parts }))
    }
    known.chunk.entries.push(entry)
    known.characters += charactersOf(entry)
  }
  return chunks
}
