// Products cut and mixed at random (seeded): the compiler never throws, and gives a product or an error, never both or neither.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { compileProduct } from '../../schema/compile-product.ts'
import { seededInteger } from '../seeded-random.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const texts = [
  readFileSync(`${here}good/every-power.graphql`, 'utf8'),
  ...readdirSync(`${here}broken`)
    .filter((name) => name.endsWith('.graphql'))
    .map((name) => readFileSync(`${here}broken/${name}`, 'utf8')),
]

const TOKEN = /"(?:\\.|[^"\\\n])*"|[A-Za-z_]\w*|[^\s]|\s+/g

function mutate(text: string, random: (below: number) => number): string {
  const tokens = text.match(TOKEN) ?? []
  for (let times = 1 + random(3); times > 0; times--) {
    const place = random(tokens.length)
    const other = tokens[random(tokens.length)] ?? ''
    const kind = random(4)
    if (kind === 0) tokens.splice(place, 1)
    else if (kind === 1) tokens.splice(place, 1, other)
    else if (kind === 2) tokens.splice(place, 0, other)
    else tokens.splice(place, 1, (tokens[place] ?? '').slice(0, -1))
  }
  return tokens.join('')
}

test('a mutilated product gives a product or an error, and never throws', () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    const random = seededInteger(seed)
    const text = mutate(texts[random(2) === 0 ? 0 : random(texts.length)] ?? '', random)
    let outcome: string
    try {
      const { product, diagnostics } = compileProduct('fuzz.graphql', text)
      const refused = diagnostics.some((one) => one.severity === 'ERROR')
      outcome = (product === null) === refused ? 'sound' : 'unsound'
    } catch (error) {
      outcome = String(error)
    }
    expect({ seed, outcome }).toEqual({ seed, outcome: 'sound' })
  }
})
