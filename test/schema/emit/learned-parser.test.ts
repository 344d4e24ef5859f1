// The parser that learns what records look like gives what JSON.parse gives, whatever it has learned and whatever comes.
import { isDeepStrictEqual } from 'node:util'
import { expect, it } from 'vitest'
import { createLearnedParser } from '../../../schema/emit/learned-parser.ts'
import { seededInteger } from '../../seeded-random.ts'

type Random = (below: number) => number

const SEEDS = 200
const TEXTS = 60
const SCALARS = [
  '""',
  '"a"',
  '"o00000000017"',
  '"é"',
  '"😀"',
  '"a\\nb"',
  '"\\ud800"',
  '"]}"',
  '0',
  '-0',
  '12',
  '-1.50',
  '1e3',
]
const ODD = [
  '01',
  '1.',
  '.5',
  '+1',
  '1e',
  '-',
  'nul',
  'true',
  'false',
  'null',
  '1E400',
  '12345678901234567890',
  '"open',
  'NaN',
]
const NAMES = ['id', 'total', 'lines', 'a"b', '__proto__', 'constructor', '1', 'é', 'ida']

function valueText(random: Random, depth: number): string {
  const kind = random(depth > 3 ? 6 : 10)
  if (kind < 5) return SCALARS[random(SCALARS.length)] ?? ''
  if (kind < 6) return ['true', 'false', 'null'][random(3)] ?? ''
  if (kind < 8) return `[${Array.from({ length: random(4) }, () => valueText(random, depth + 1)).join(',')}]`
  return objectText(random, depth + 1)
}

function objectText(random: Random, depth: number): string {
  const members = Array.from({ length: random(5) }, () => {
    const name = JSON.stringify(NAMES[random(NAMES.length)])
    return `${name}:${valueText(random, depth)}`
  })
  return `{${members.join(',')}}`
}

/** Texts of one look, some of them changed: a value, a character, a member left out, blanks. */
function texts(random: Random): string[] {
  const looks = Array.from({ length: 1 + random(2) }, () => objectText(random, 0))
  return Array.from({ length: TEXTS }, () => changed(looks[random(looks.length)] ?? '{}', random))
}

function changed(text: string, random: Random): string {
  const at = random(text.length)
  switch (random(8)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1)
    case 1:
      return `${text.slice(0, at)}${['"', ',', '}', ']', '{', ' ', '\n', '\t', '\\', ':', '0'][random(11)]}${text.slice(at)}`
    case 2:
      return text.replace(/-?\d+(\.\d+)?/, ODD[random(ODD.length)] ?? '')
    case 3:
      return text.replace(/"[^"]*":[^,{}[\]]*,/, '')
    case 4:
      return text.replaceAll(':"', `:"${String(random(1_000_000))}`)
    case 5:
      return text.slice(0, at)
    default:
      return text
  }
}

function outcome(parse: (text: string) => unknown, text: string): unknown {
  try {
    return { value: parse(text) }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

it(`gives what JSON.parse gives, value or error (${SEEDS} seeds)`, () => {
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const parse = createLearnedParser()
    for (const text of texts(seededInteger(seed))) {
      const [given, wanted] = [outcome(parse, text), outcome(JSON.parse, text)]
      // Strict also of -0 and prototypes; and members in the same order.
      const isSame = isDeepStrictEqual(given, wanted) && JSON.stringify(given) === JSON.stringify(wanted)
      expect(isSame, `seed ${seed}: ${text}`).toBe(true)
    }
  }
})

it('survives nesting that would end the stack, as what it learns from and as what it reads', () => {
  const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
  for (const first of [deep, '{"a":[1]}']) {
    const parse = createLearnedParser()
    parse(first)
    for (let time = 0; time < 20; time += 1) expect(Object.keys(parse(deep) as object)).toEqual(['a'])
  }
})

it('learns anew when records come to look otherwise', () => {
  const parse = createLearnedParser()
  const looks = [(n: number) => `{"id":"${n}","n":${n}}`, (n: number) => `{"n":${n},"lines":[{"id":"${n}"}]}`]
  for (const look of [...looks, ...looks]) {
    for (let number = 0; number < 100; number += 1) {
      expect(parse(look(number))).toStrictEqual(JSON.parse(look(number)))
    }
  }
})
