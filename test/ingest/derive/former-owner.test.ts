// What an owner of a fold's partition does late, one rule at a time: its calls are held where it matters, and let go when its successor has gone on.
import { expect, test } from 'vitest'
import type { LogRecord } from '../../../platform/ports/event-log.ts'
import { allRecords } from '../open-ports.ts'
import { FoldBed, handedShopDays, handedTotals, type HandedOver, type Owner } from './fold-bed.ts'
import { HeldPorts } from './held-ports.ts'
import { itemRecord, orderRecord, removal } from './sales-mesh.ts'

const GROUPS = 'mesh_FoldGroups'

interface Process {
  readonly held: HeldPorts
  readonly fold: (range: Range) => Promise<void>
}

/** Offsets of contributions, from one to another, both included. */
type Range = readonly [from: number, to: number]

class Scene {
  readonly bed: FoldBed
  readonly #contribute: Owner

  static async open(derived: HandedOver = handedTotals): Promise<Scene> {
    const scene = new Scene(await FoldBed.open(derived))
    await scene.bed.inputs.take('tests.items', [itemRecord({ id: 'tea', category: 'drinks' })])
    return scene
  }

  private constructor(bed: FoldBed) {
    this.bed = bed
    this.#contribute = bed.owners((ports) => ports).contribute
  }

  /** The order as it is from now on; null: there is none. Offset of the message that says what it contributes. */
  async order(id: string, order: { readonly amount: string; readonly day?: number } | null): Promise<number> {
    const { ports, plan, positions, inputs } = this.bed
    const placedAt = `2026-01-0${order?.day ?? 1}T10:00:00.000Z`
    const lines = [{ item: 'tea', amount: order?.amount ?? '' }]
    const record = order === null ? removal(id) : orderRecord({ id, shop: 'south', placedAt, lines })
    await inputs.take('tests.orders', [record])
    const touched = await allRecords(ports.log, plan.touchedTopic)
    await this.#contribute(touched.slice(positions.get(plan.touchedTopic) ?? 0))
    positions.set(plan.touchedTopic, touched.length)
    return (await this.#contributions()).length - 1
  }

  process(): Process {
    const held = new HeldPorts()
    const { fold } = this.bed.owners(held.through)
    return { held, fold: async ([from, to]) => fold((await this.#contributions()).slice(from, to + 1)) }
  }

  /** By a process that has nothing to do with what follows. */
  async folded(range: Range): Promise<void> {
    await this.process().fold(range)
    this.commit(range)
  }

  commit([, to]: Range): void {
    this.bed.positions.set(this.bed.plan.contributionsTopic, to + 1)
  }

  async expectExact(): Promise<void> {
    expect(await this.bed.told()).toEqual(await this.bed.expected())
  }

  #contributions(): Promise<LogRecord[]> {
    return allRecords(this.bed.ports.log, this.bed.plan.contributionsTopic)
  }
}

test('a row that joins and leaves a group in one batch is written, over what a former owner writes of its joining', async () => {
  const scene = await Scene.open()
  const first = await scene.order('one', { amount: '5' })
  const joins = await scene.order('two', { amount: '1' })
  const leaves = await scene.order('two', null)
  const [former, successor] = [scene.process(), scene.process()]
  const late = former.held.hold('writeAtomic', GROUPS)
  const formers = former.fold([0, joins])
  await late.reached
  await successor.fold([0, first])
  await successor.fold([joins, leaves])
  scene.commit([0, leaves])
  late.release()
  await expect(formers).rejects.toMatchObject({ code: 'FOLD_SUPERSEDED' })
  // Whose least amount must be looked for among all rows of the group.
  const last = await scene.order('one', null)
  await successor.fold([last, last])
  await scene.expectExact()
})

test('a group that comes to nothing is told as deleted, over what a former owner tells of it', async () => {
  const scene = await Scene.open()
  const joins = await scene.order('one', { amount: '5' })
  const leaves = await scene.order('one', null)
  const [former, successor] = [scene.process(), scene.process()]
  const late = former.held.hold('writeAtomic', GROUPS)
  const formers = former.fold([0, joins])
  await late.reached
  await successor.fold([0, leaves])
  scene.commit([0, leaves])
  late.release()
  await expect(formers).rejects.toMatchObject({ code: 'FOLD_SUPERSEDED' })
  await scene.expectExact()
})

test('a group of many rows goes through all that a former owner may tell of it', async () => {
  const scene = await Scene.open(handedShopDays)
  const first = await scene.order('one', { amount: '5', day: 1 })
  await scene.folded([0, first])
  const moves = await scene.order('one', { amount: '5', day: 2 })
  const again = await scene.order('one', { amount: '5', day: 3 })
  const [former, successor] = [scene.process(), scene.process()]
  const late = former.held.hold('writeAtomic', GROUPS)
  const formers = former.fold([moves, moves])
  await late.reached
  await successor.fold([moves, again])
  scene.commit([moves, again])
  late.release()
  await expect(formers).rejects.toMatchObject({ code: 'FOLD_SUPERSEDED' })
  await scene.expectExact()
})

test('a contribution newer than the state that was read before it makes the state anew', async () => {
  const scene = await Scene.open()
  const first = await scene.order('one', { amount: '5' })
  await scene.folded([0, first])
  const corrected = await scene.order('one', { amount: '3' })
  const [former, successor] = [scene.process(), scene.process()]
  const late = former.held.hold('writeAtomic', GROUPS)
  const formers = former.fold([corrected, corrected])
  await late.reached
  const members = successor.held.hold('read', GROUPS, 1)
  const successors = successor.fold([corrected, corrected])
  await members.reached
  late.release()
  await expect(formers).rejects.toMatchObject({ code: 'FOLD_SUPERSEDED' })
  members.release()
  await successors
  await scene.expectExact()
})

test.each([
  ['in its own memory', false],
  ['in the store', true],
] as const)('a row that the state has from a former owner is not new: as it is known %s', async (_, isHandedOn) => {
  const scene = await Scene.open()
  const first = await scene.order('one', { amount: '5' })
  await scene.folded([0, first])
  const second = await scene.order('two', { amount: '1' })
  const third = await scene.order('three', { amount: '2' })
  await scene.process().fold([second, third])
  const successor = scene.process()
  await successor.fold([second, second])
  scene.commit([second, second])
  await (isHandedOn ? scene.process() : successor).fold([third, third])
  await scene.expectExact()
})

test('who claims a partition with a batch that the group has gone past leaves it', async () => {
  const scene = await Scene.open()
  const first = await scene.order('one', { amount: '5' })
  await scene.folded([0, first])
  const joins = await scene.order('two', { amount: '1' })
  const leaves = await scene.order('two', null)
  const corrected = await scene.order('one', { amount: '7' })
  const [former, successor] = [scene.process(), scene.process()]
  const claim = former.held.hold('append', 'mesh.folds')
  const formers = former.fold([joins, joins])
  await claim.reached
  await successor.fold([joins, leaves])
  // The least amount is gone: of all rows it is looked for, and those that say nothing are deleted.
  await successor.fold([corrected, corrected])
  scene.commit([joins, corrected])
  claim.release()
  await expect(formers).rejects.toMatchObject({ code: 'FOLD_SUPERSEDED' })
  await scene.expectExact()
})
