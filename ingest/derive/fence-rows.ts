// The fences that fold has passed, a row each: whoever is late with what it knows adds to what others know, and takes nothing from it. Rows go
// only by where the group's committed position is: nobody reads from before it again.
import { limits } from '../../platform/limits.ts'
import type { Store, Write } from '../../platform/ports/store.ts'
import { cellText, type Row } from '../../schema/row.ts'
import { fencesFrom, type Fence, type Fences } from './contributions.ts'
import { FOLD_GROUPS } from './fold-tables.ts'
import { contentWrite, memberDelete, type GroupAt } from './group-rows.ts'

/** No group's text: those are JSON arrays. */
export function fencesAt(fold: string, partition: number): GroupAt {
  return { fold, group: `fences/${partition}` }
}

/** What must be known of fences by whoever reads from the committed position on. Rows of others are deleted. */
export async function openFences(
  store: Store,
  at: GroupAt,
  { committed, writeTime }: { readonly committed: number; readonly writeTime: number },
): Promise<Fences> {
  const all = await readFences(store, at)
  const needed = fencesFrom(all, committed)
  const gone: Write[] = []
  for (const [from, known] of all) {
    for (const fence of known) {
      if (needed.get(from)?.includes(fence) === true) continue
      gone.push(memberDelete({ ...at, member: memberOf(from, fence) }, writeTime))
    }
  }
  if (gone.length > 0) await store.write(gone)
  return needed
}

export function fenceWrite(at: GroupAt, from: number, fence: Fence, writeTime: number): Write {
  return contentWrite({ ...at, member: memberOf(from, fence) }, { content: fence.epoch, writeTime }).write
}

async function readFences(store: Store, partition: GroupAt): Promise<Fences> {
  const fences: Fences = new Map()
  let after: Row | null = null
  for (;;) {
    const request = { partition: { ...partition }, limit: limits.pageRowsMax, ...(after === null ? {} : { after }) }
    const page = await store.page(FOLD_GROUPS.name, request)
    for (const { member, content } of page.rows) {
      const [from = 0, offset = 0] = cellText(member).split('/').map(Number)
      const known = fences.get(from) ?? []
      known.push({ offset, epoch: Number(content) })
      fences.set(from, known)
    }
    const last = page.rows.at(-1)
    if (!page.more || last === undefined) return fences
    after = { member: cellText(last['member']) }
  }
}

function memberOf(from: number, { offset }: Fence): string {
  return `${from}/${offset}`
}
