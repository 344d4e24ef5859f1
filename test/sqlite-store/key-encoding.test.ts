// The key encoding against the plain comparison of the values it stands for, on random values.
import { describe, expect, it } from 'vitest'
import { createByteSink, takeBytes } from '../../platform/byte-sink.ts'
import { compileLayouts } from '../../platform/adapters/sqlite/catalog.ts'
import { canonicalValue } from '../../platform/column-value.ts'
import { appendComponent } from '../../platform/key-component.ts'
import { encodeKey } from '../../platform/adapters/sqlite/row-key.ts'
import type { ColumnType } from '../../schema/tables.ts'
import { defineTable } from '../conformance/store/harness.ts'
import { seededRandom } from '../seeded-random.ts'

const PIECES = ['', '\u0000', '\u0001', '\u00ff', 'a', 'b', 'é', '\uffff', '😀', '\u{10ffff}']

type Random = () => number

const GENERATORS: Readonly<Partial<Record<ColumnType, (random: Random) => string | number>>> = {
  text: (random) => Array.from({ length: Math.floor(random() * 5) }, () => pickOne(PIECES, random)).join(''),
  int: (random) => Math.floor((random() - 0.5) * 2 ** pickOne([3, 9, 32], random)),
  bigint: (random) => String(BigInt(Math.floor((random() - 0.5) * 2 ** 52)) * pickOne([1n, 2_000n], random)),
  double: (random) => (random() - 0.5) * 10 ** Math.floor(random() * 40 - 20),
  decimal: (random) => {
    const digits = Array.from({ length: 1 + Math.floor(random() * 6) }, () => Math.floor(random() * 3) * 4).join('')
    const point = Math.floor(random() * (digits.length + 1))
    const text = `${digits.slice(0, point) || '0'}.${digits.slice(point) || '0'}`
    return canonicalDecimal(random() < 0.5 ? text : `-${text}`)
  },
  timestamp: (random) => new Date(Math.floor((random() - 0.5) * 1e13)).toISOString(),
  date: (random) => new Date(Math.floor((random() - 0.5) * 1e13)).toISOString().slice(0, 10),
}

const COMPARE: Readonly<Partial<Record<ColumnType, (left: string, right: string) => number>>> = {
  text: (left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)),
  int: (left, right) => Number(left) - Number(right),
  bigint: (left, right) => sign(BigInt(left) - BigInt(right)),
  double: (left, right) => Number(left) - Number(right),
  decimal: (left, right) => sign(scaled(left) - scaled(right)),
  timestamp: (left, right) => Date.parse(left) - Date.parse(right),
  date: (left, right) => Date.parse(left) - Date.parse(right),
}

function pickOne<T>(items: readonly T[], random: Random): T {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

function sign(value: bigint): number {
  return value < 0n ? -1 : value > 0n ? 1 : 0
}

/** The decimal in units of 10^-8. */
function scaled(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.')
  const magnitude = BigInt(whole + fraction.padEnd(8, '0'))
  return text.startsWith('-') ? -magnitude : magnitude
}

function canonicalDecimal(text: string): string {
  const canonical = canonicalValue('decimal', text)
  if (typeof canonical !== 'string') throw new Error(`no decimal: ${text}`)
  return canonical
}

function encode(type: ColumnType, value: string | number, descending: boolean): Buffer {
  const sink = createByteSink()
  appendComponent(sink, type, value, descending)
  return takeBytes(sink)
}

const TYPES = Object.keys(GENERATORS) as readonly (keyof typeof GENERATORS)[]

describe('a key component', () => {
  it.each(TYPES)('of type %s sorts as its value does, and inverted the other way', (type) => {
    const random = seededRandom(21)
    const generate = GENERATORS[type]
    const compare = COMPARE[type]
    if (generate === undefined || compare === undefined) throw new Error(`no generator of ${type}`)
    for (let round = 0; round < 5_000; round += 1) {
      const [left, right] = [generate(random), generate(random)]
      const expected = Math.sign(compare(String(left), String(right)))
      const ascending = Buffer.compare(encode(type, left, false), encode(type, right, false))
      const descending = Buffer.compare(encode(type, left, true), encode(type, right, true))
      expect({ left, right, ascending, descending: descending + 0 }).toEqual({
        left,
        right,
        ascending: expected,
        descending: 0 - expected,
      })
    }
  })

  it.each(TYPES)('of type %s is no prefix of another', (type) => {
    const random = seededRandom(22)
    const generate = GENERATORS[type]
    if (generate === undefined) throw new Error(`no generator of ${type}`)
    const encoded = Array.from({ length: 300 }, () => encode(type, generate(random), false))
    const broken = encoded.filter((one) =>
      encoded.some((other) => other.length > one.length && other.subarray(0, one.length).equals(one)),
    )
    expect(broken).toEqual([])
  })

  it('of a decimal is the same however the number is written', () => {
    for (const [left, right] of [
      ['1', '1.0'],
      ['1.00', '01'],
      ['0', '-0.00'],
      ['-2.50', '-2.5'],
    ] as const) {
      expect(encode('decimal', canonicalDecimal(left), false)).toEqual(
        encode('decimal', canonicalDecimal(right), false),
      )
    }
  })
})

describe('a key', () => {
  it('sorts by its columns one after another, each in its direction', () => {
    const definition = defineTable('keys', {
      columns: { a: 'text', b: 'text', c: 'int', d: 'decimal' },
      partitionKey: ['a'],
      clusteringKey: ['b desc', 'c', 'd desc'],
    })
    const layout = compileLayouts({ shards: 1, nextId: 2, tables: [{ id: 1, definition, indexes: [] }] }).get('keys')
    if (layout === undefined) throw new Error('no layout')
    const random = seededRandom(23)
    const some = (type: ColumnType): string | number => GENERATORS[type]?.(random) ?? ''
    const row = () => ({
      a: pickOne(PIECES, random),
      b: pickOne(PIECES, random),
      c: pickOne([-1, 0, 1], random),
      d: some('decimal'),
    })
    for (let round = 0; round < 5_000; round += 1) {
      const [left, right] = [row(), row()]
      const by = (type: ColumnType, name: keyof typeof left): number =>
        COMPARE[type]?.(String(left[name]), String(right[name])) ?? 0
      const expected = by('text', 'a') || -by('text', 'b') || by('int', 'c') || -by('decimal', 'd')
      const actual = Buffer.compare(encodeKey(layout, left), encodeKey(layout, right))
      expect({ left, right, actual }).toEqual({ left, right, actual: Math.sign(expected) + 0 })
    }
  })
})
