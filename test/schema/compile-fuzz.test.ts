// Products cut and mixed at random (seeded): the compiler never throws, and gives a product or an error, never both or neither.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'graphql'
import { expect, test } from 'vitest'
import { compileProduct } from '../../schema/compile-product.ts'
import { emitSubgraphSdl } from '../../schema/emit/emit-subgraph-sdl.ts'
import { compileRecordCodec } from '../../schema/emit/emit-record-codec.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import { compileFold } from '../../schema/fold/compile-fold.ts'
import type { FoldFunction } from '../../schema/fold/fold-function.ts'
import type { Product } from '../../schema/model.ts'
import { seededInteger } from '../seeded-random.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const texts = [
  readFileSync(`${here}good/every-power.graphql`, 'utf8'),
  readFileSync(`${here}good/daily-sales.graphql`, 'utf8'),
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

const fold: FoldFunction = { init: () => null, apply: () => null, emit: () => [] }

/** What is made of a product that exists never throws: its emitters need not check again. */
function emitAll(product: Product): void {
  parse(emitSubgraphSdl(product))
  emitTables(product)
  emitTopics(product)
  for (const entity of product.entities) {
    if (entity.source !== null) compileRecordCodec(product, entity)
    if (entity.derivation !== null) compileFold(product, entity, { [entity.derivation.function?.name ?? '']: fold })
  }
}

test('a mutilated product gives a product that everything can be made of, or an error, and never throws', () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    const random = seededInteger(seed)
    const text = mutate(texts[random(2) === 0 ? random(2) : random(texts.length)] ?? '', random)
    let outcome: string
    try {
      const { product, diagnostics } = compileProduct('fuzz.graphql', text)
      const refused = diagnostics.some((one) => one.severity === 'ERROR')
      if (product !== null) emitAll(product)
      outcome = (product === null) === refused ? 'sound' : 'unsound'
    } catch (error) {
      outcome = String(error)
    }
    expect({ seed, outcome }).toEqual({ seed, outcome: 'sound' })
  }
})
