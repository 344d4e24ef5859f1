// The corpus of broken products: each with its exact diagnostics beside it. `vitest run -u` writes them anew, for review.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { compileProduct } from '../../schema/compile-product.ts'
import { DIAGNOSTIC_CODES } from '../../schema/diagnostic-codes.ts'
import { formatDiagnostic } from '../../schema/format-diagnostic.ts'

const folder = fileURLToPath(new URL('broken/', import.meta.url))
const files = readdirSync(folder).filter((name) => name.endsWith('.graphql'))
const read = (file: string) => readFileSync(`${folder}${file}`, 'utf8')

describe('a broken product', () => {
  test('has a corpus of at least 80', () => {
    expect(files.length).toBeGreaterThanOrEqual(80)
  })

  test.each(files)('%s gives exactly its diagnostics and no product', async (file) => {
    const { product, diagnostics } = compileProduct(file, read(file))
    expect(product).toBeNull()
    const text = `${diagnostics.map(formatDiagnostic).join('\n')}\n`
    await expect(text).toMatchFileSnapshot(`${folder}${file.replace('.graphql', '.expected.txt')}`)
  })

  test.each(files)('%s gives the same diagnostics again', (file) => {
    expect(compileProduct(file, read(file))).toEqual(compileProduct(file, read(file)))
  })

  test('of every code is in the corpus, save those between products', () => {
    const found = new Set(files.flatMap((file) => compileProduct(file, read(file)).diagnostics.map((one) => one.code)))
    const codes = Object.keys(DIAGNOSTIC_CODES).filter((code) => !code.startsWith('MESH_'))
    expect([...found].toSorted()).toEqual(codes.toSorted())
  })

  test('has every fix end as a sentence and every message name something', () => {
    for (const file of files) {
      for (const { message, fix } of compileProduct(file, read(file)).diagnostics) {
        expect(fix).toMatch(/[.}]$/)
        expect(message.length).toBeGreaterThan(15)
      }
    }
  })
})
