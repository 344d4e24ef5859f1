// Two members of the group that come and go while new tables are filled: whoever has a partition goes on where the one before stopped, and
// tables are switched only when every part is whole.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { requestBuild } from '../../../ingest/beside/table-request.ts'
import type { Ingest } from '../../../ingest/main.ts'
import { seededInteger } from '../../seeded-random.ts'
import { openPorts, type TestPorts } from '../open-ports.ts'
import { expectRows, ingestThings, KEY, readerOf, ThingWriter, thingsProduct, Watcher } from './beside-mesh.ts'

let ports: TestPorts
beforeEach(async () => {
  ports = await openPorts()
})
afterEach(() => ports.close())

test.each([
  [1, 'topic'],
  [2, 'topic'],
  [3, 'scan'],
] as const)(
  'members come and go, and every record is in the new tables (seed %i, by %s)',
  async (number, seed) => {
    const random = seededInteger(number)
    const writer = new ThingWriter(ports.log, random, 40)
    let members: Ingest[] = [await ingestThings(ports)]
    await writer.append(400)
    await members[0]?.caughtUp()
    const watcher = new Watcher(readerOf(ports))
    await watcher.start(ports.log)
    await requestBuild(ports, thingsProduct(), { seed })
    const isOver = (): boolean =>
      members.some((member) => {
        const tables = member.tables()[KEY]
        return tables?.live === 2 && tables.kept === null
      })
    for (let round = 0; !isOver(); round += 1) {
      await writer.append(5)
      await ports.clock.sleep(20 + random(30))
      // Rarely enough for the waits between the steps to end.
      if (round % 25 !== 7) continue
      if (members.length < 2) members.push(await ingestThings(ports))
      else await members.splice(random(2), 1)[0]?.close()
    }
    await writer.append(50)
    await members[0]?.caughtUp()
    await watcher.close()
    expect(watcher.wrong).toEqual([])
    await expectRows(ports.store, 2, writer.rows())
    await Promise.all(members.map((member) => member.close()))
    members = []
  },
  180_000,
)
