import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openEmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { checkClaims, claimTopics } from '../../platform/store-claims.ts'
import { systemClock } from '../../platform/system-clock.ts'

const ONE = { id: '01', keyspace: 'one' }
const TWO = { id: '02', keyspace: 'two' }

let directory = ''
let log: EventLog

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-claims-'))
  log = await openEmbeddedLog({ directory, clock: systemClock })
})

afterEach(async () => {
  await log.close()
  await rm(directory, { recursive: true, force: true })
})

const claimsKept = async (): Promise<number> =>
  (await log.read({ topic: 'mesh.stores', partition: 0, offset: 0 }, 1_000)).length

test('a topic is ingested into one store: another is refused by name', async () => {
  await claimTopics(log, ONE, ['a', 'b'])
  await expect(claimTopics(log, TWO, ['a', 'c', 'b'])).rejects.toMatchObject({
    code: 'STORE_MISMATCH',
    message: expect.stringMatching(/^The records of a, b are ingested into keyspace one, not into keyspace two /),
  })
  await claimTopics(log, ONE, ['a', 'b'])
})

test('a topic is claimed once, however often its ingest starts', async () => {
  await claimTopics(log, ONE, ['a'])
  await claimTopics(log, ONE, ['a', 'b'])
  await claimTopics(log, ONE, ['b', 'a'])
  expect(await claimsKept()).toBe(2)
})

test('of two that claim at once one holds the topic, and goes on holding it', async () => {
  const outcomes = await Promise.allSettled([claimTopics(log, ONE, ['a']), claimTopics(log, TWO, ['a'])])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  const [holder, other] = outcomes[0].status === 'fulfilled' ? [ONE, TWO] : [TWO, ONE]
  await claimTopics(log, holder, ['a'])
  await expect(claimTopics(log, other, ['a'])).rejects.toMatchObject({ code: 'STORE_MISMATCH' })
})

test('whoever reads claims nothing, and is refused on another store', async () => {
  await checkClaims(log, TWO, ['a'])
  await claimTopics(log, ONE, ['a'])
  await expect(checkClaims(log, TWO, ['a'])).rejects.toMatchObject({ code: 'STORE_MISMATCH' })
  await checkClaims(log, ONE, ['a'])
})

test('a new keyspace of the old name is another store', async () => {
  await claimTopics(log, ONE, ['a'])
  await expect(claimTopics(log, { ...ONE, id: '03' }, ['a'])).rejects.toMatchObject({
    message: expect.stringMatching(/^The records of a are ingested into another keyspace of that name /),
  })
})
