// The fold of shipping/weather-delays: what is taken back leaves no trace, in whatever order.
import { expect, test } from 'vitest'
import type { Contribution } from '../../schema/fold/fold-function.ts'
import { folds } from '../../subgraphs/shipping/weather-delays/folds.ts'
import { seededInteger } from '../seeded-random.ts'

const CONTRIBUTIONS = 200

function contributionOf(number: number, random: (below: number) => number): Contribution {
  const weather = { rainy: random(2) === 0, snowy: random(10) === 0, windy: random(3) === 0 }
  const warehouse = { stateProvince: random(2) === 0 ? 'OR' : 'WA' }
  return {
    input: 'WeatheredShipment',
    timeMs: null,
    member: String(number),
    value: { daysLate: random(3), weather, warehouse },
  }
}

test('rows are those of the shipments that are left, in any order of coming and going', () => {
  const fold = folds['weatherDelays']
  if (fold?.retract === undefined) throw new Error('weatherDelays takes nothing back')
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = seededInteger(seed)
    const all = Array.from({ length: CONTRIBUTIONS }, (_, number) => contributionOf(number, random))
    const left = all.filter(() => random(3) > 0)
    const gone = all.filter((each) => !left.includes(each))
    const group = { warehouseId: '15' }
    let state = fold.init(group)
    for (const each of all) state = fold.apply(state, each)
    for (const each of gone.toReversed()) state = fold.retract(state, each)
    let wanted = fold.init(group)
    for (const each of left) wanted = fold.apply(wanted, each)
    expect(fold.emit(state, group)).toEqual(fold.emit(wanted, group))
  }
})

test('a shipment counts once for every kind of weather: with it or without it', () => {
  const fold = folds['weatherDelays']
  const weather = { rainy: true, snowy: false, windy: true }
  const value = { daysLate: 1, weather, warehouse: { stateProvince: 'WA' } }
  const contribution = { input: 'WeatheredShipment', timeMs: null, member: '1', value }
  const rows = fold?.emit(fold.apply(fold.init({}), contribution), { warehouseId: '15' })
  const counted = {
    warehouseId: '15',
    stateProvince: 'WA',
    shipmentsWith: 1,
    lateWith: 1,
    shipmentsWithout: 0,
    lateWithout: 0,
  }
  expect(rows).toEqual([
    { ...counted, factor: 'RAIN' },
    { ...counted, factor: 'SNOW', shipmentsWith: 0, lateWith: 0, shipmentsWithout: 1, lateWithout: 1 },
    { ...counted, factor: 'WIND' },
  ])
})
