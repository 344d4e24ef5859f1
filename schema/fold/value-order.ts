// The order of cells of a type, for MIN, MAX and COLLECT: that of both stores (texts by their UTF-8).
import { compareDecimalTexts } from '../cel/decimal.ts'
import type { FieldType } from '../model.ts'
import { cellText, type Value } from '../row.ts'

export type CompareCells = (a: Value, b: Value) => number

export function cellOrder(type: FieldType): CompareCells {
  if (type.kind === 'enum') return compareAsTexts
  if (type.kind !== 'scalar') return compareAsJson
  switch (type.scalar) {
    case 'Int':
    case 'Float':
    case 'Boolean':
      return (a, b) => Number(a) - Number(b)
    case 'BigInt':
    case 'Decimal':
      return (a, b) => compareDecimalTexts(a as string, b as string)
    case 'JSON':
      return compareAsJson
    default:
      return compareAsTexts
  }
}

const compareAsTexts: CompareCells = (a, b) => compareTexts(a as string, b as string)
const compareAsJson: CompareCells = (a, b) => compareTexts(cellText(a), cellText(b))

/** By code points, as UTF-8 compares; UTF-16 puts what surrogates stand for before U+E000. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x10000 : unit)
