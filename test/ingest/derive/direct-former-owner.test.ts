// What a former owner of a direct fold's partition tells late: what joined and left again within its successor's batch is told over.
import { expect, test } from 'vitest'
import type { AppendRecord, LogRecord } from '../../../platform/ports/event-log.ts'
import { allRecords } from '../open-ports.ts'
import { FoldBed, handedMinutes, type Owner } from './fold-bed.ts'
import { HeldPorts } from './held-ports.ts'

const AT = '2026-01-01T00:00:00.000Z'
const NEXT = '2026-01-01T00:00:05.000Z'

function reading(at: string, sequence: number, value: number | null): AppendRecord {
  const key = { meter: 'm1', at, sequence }
  const event = value === null ? { op: 'd', before: key } : { op: 'u', after: { ...key, value, weight: 1 } }
  return { key: Buffer.from('m1'), value: Buffer.from(JSON.stringify(event)) }
}

test('what joins and leaves a group in one batch is told over, where a former owner tells of its joining', async () => {
  const bed = await FoldBed.open(handedMinutes)
  const { ports, plan, positions } = bed
  const contributions = (): Promise<LogRecord[]> => allRecords(ports.log, plan.contributionsTopic)
  const took = async (record: AppendRecord): Promise<number> => {
    await bed.inputs.take('tests.readings', [record])
    return (await contributions()).length
  }
  const fold = async (owner: Owner, from: number, to: number): Promise<void> =>
    owner((await contributions()).slice(from, to))
  const first = await took(reading(AT, 1, 5))
  await fold(bed.owners((through) => through).fold, 0, first)
  positions.set(plan.contributionsTopic, first)
  const joined = await took(reading(NEXT, 1, 9))
  const left = await took(reading(NEXT, 2, null))

  const held = new HeldPorts()
  const former = bed.owners(held.through)
  const late = held.hold('writeAtomic', 'mesh_FoldGroups')
  const formers = fold(former.fold, first, joined)
  await late.reached
  await fold(bed.owners((through) => through).fold, first, left)
  positions.set(plan.contributionsTopic, left)
  late.release()
  await expect(formers).rejects.toMatchObject({ code: 'FOLD_SUPERSEDED' })
  expect(await bed.told()).toEqual(await bed.expected())
})
