// An owner that hangs while it closes a window, beside its successor that still takes rows for it: whatever the former does later, nothing of what
// the successor counts is dropped.
import { expect, test } from 'vitest'
import { ContributionList } from '../../../ingest/derive/contributions.ts'
import { planDerivations } from '../../../ingest/derive/derivations.ts'
import { FoldLedger } from '../../../ingest/derive/fold-ledger.ts'
import { FoldStage } from '../../../ingest/derive/fold-stage.ts'
import { foldTables } from '../../../ingest/derive/fold-tables.ts'
import { GroupStates } from '../../../ingest/derive/group-states.ts'
import { packedText } from '../../../ingest/derive/packed-contributions.ts'
import { internalTopics } from '../../../ingest/internal-topics.ts'
import type { Clock } from '../../../platform/ports/clock.ts'
import type { Store, Write } from '../../../platform/ports/store.ts'
import { systemClock } from '../../../platform/system-clock.ts'
import { emitTopics } from '../../../schema/emit/emit-topics.ts'
import { allRecords, jsonOf, openPorts } from '../open-ports.ts'
import { AheadClock, DAY_MS, HOUR_MS, hitsProduct, hoursProduct, type Hit } from './hits-mesh.ts'
import { onePartition } from './sales-mesh.ts'

const beganMs = Math.floor(systemClock.now() / HOUR_MS) * HOUR_MS
const hit = (id: string, bytes: number): Hit => ({ id, site: 'north', atMs: beganMs + 1, bytes })

const closesWindow = (write: Write): boolean =>
  write.kind === 'put' && (write.row['content'] as { readonly x?: true } | null)?.x === true

/** A store whose first write that closes a window is held; `held` resolves when it is. */
function holdingClose(store: Store, held: PromiseWithResolvers<void>, released: Promise<void>): Store {
  const write = async (writes: readonly Write[]): Promise<void> => {
    if (writes.some(closesWindow)) {
      held.resolve()
      await released
    }
    await store.write(writes)
  }
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'write') return write
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}

test('an owner that is none any more drops nothing of a window that its successor did not find closed', async () => {
  await using ports = Object.assign(await openPorts(), {
    async [Symbol.asyncDispose]() {
      await ports.close()
    },
  })
  const { log, store } = ports
  const [inputs, derived] = [[onePartition(hitsProduct())], onePartition(hoursProduct())]
  await log.createTopics([...[...inputs, derived].flatMap(emitTopics), ...internalTopics])
  await store.migrate(foldTables)
  const [plan] = planDerivations({ products: [derived], inputs, log })
  if (plan === undefined) throw new Error('There is a derived entity.')
  const next = { fold: plan.compiled.name, definitionHash: 'one' }
  const activation = await new FoldLedger({ log, clock: systemClock }).activate(next, async () => ({}))

  const append = async (...hits: readonly Hit[]): Promise<void> => {
    const list = new ContributionList(1)
    for (const { id, site, atMs, bytes } of hits) {
      const row = { id, site, at: new Date(atMs).toISOString(), bytes }
      const outcome = plan.compiled.inputs[0]?.contribute(`0:${id}`, row, () => null)
      if (outcome?.kind !== 'contributed') throw new Error('A hit contributes.')
      for (const { group, contributions } of outcome.groups.values())
        list.add(group, `0:${id}`, { isNew: false, text: packedText(`0:${id}`, contributions) })
    }
    await log.append(plan.contributionsTopic, list.records({ number: activation.number, partition: 0, epoch: 1 }))
  }
  const owner = (own: Store, clock: Clock): ((from: number) => Promise<void>) => {
    const nothing = (): void => undefined
    const ledger = new FoldLedger({ log, clock: systemClock })
    const options = { plan, activation, ledger, log, store: own, clock, onFailed: nothing, onLate: nothing }
    const stage = new FoldStage({ ...options, states: new GroupStates() })
    const { signal } = new AbortController()
    return async (from) => {
      const records = (await allRecords(log, plan.contributionsTopic)).slice(from)
      await stage.process({ topic: plan.contributionsTopic, partition: 0, records }, signal)
    }
  }

  await append(hit('a', 1), hit('b', 20))
  await owner(store, systemClock)(0)
  const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const ahead = new AheadClock()
  ahead.aheadMs = 4 * DAY_MS
  const former = owner(holdingClose(store, held, released.promise), ahead)
  await append({ id: 'tick', site: 'south', atMs: ahead.now(), bytes: 1 })
  const closing = former(1).then(
    () => 'closed',
    (error: unknown) => (error as { readonly code?: string }).code,
  )
  await held.promise
  const successor = owner(store, systemClock)
  await append(hit('c', 300))
  await successor(1)
  released.resolve()
  expect(await closing).toBe('FOLD_SUPERSEDED')
  // The greatest is taken back: the window is folded anew, of all its rows.
  await append(hit('c', 3))
  await successor(3)
  const told = (await allRecords(log, plan.source.topic)).map(jsonOf) as { row?: object }[]
  const rows = told.flatMap(({ row }) => (row === undefined ? [] : [row]))
  expect(rows.findLast((row) => 'site' in row && row.site === 'north')).toMatchObject({
    hits: 3,
    bytes: '24',
    most: 20,
  })
})
