// When the code of folds is another: whatever text decides what the functions do, and nothing else.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { hashFoldCode } from '../../cli/fold-code.ts'
import { readFoldSources } from '../../cli/fold-sources.ts'
import { readProjectProducts } from '../../cli/read-products.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const FILES = {
  'product/folds.ts': `import type { Shape } from './shape.ts'
import { once } from './once.ts'
import { readFileSync } from 'node:fs'
import {
  twice,
} from "../shared/twice.ts"
export const folds = { f: { init: () => once(twice(1)) } }
`,
  'product/once.ts': `export { deep as once } from '../shared/deep/deep.ts'\n`,
  'product/shape.ts': 'export type Shape = string\n',
  'product/beside.ts': 'export const beside = 1\n',
  'shared/twice.ts': `import '../product/folds.ts'\nexport const twice = (n: number) => n * 2\n`,
  'shared/deep/deep.ts': `export const deep = async (n: number) => (await import('./lazy.ts')).lazy(n)\n`,
  'shared/deep/lazy.ts': 'export const lazy = (n: number) => n\n',
}

async function project(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'meshgate-fold-code-'))
  closing.push(() => rm(root, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return root
}

const hashIn = (root: string): Promise<string> => hashFoldCode(join(root, 'product/folds.ts'))

test('another text of the file, or of what it imports however far, is another hash', async () => {
  const root = await project()
  const first = await hashIn(root)
  for (const name of [
    'product/folds.ts',
    'product/once.ts',
    'shared/twice.ts',
    'shared/deep/deep.ts',
    'shared/deep/lazy.ts',
  ]) {
    const text = await readFile(join(root, name), 'utf8')
    await writeFile(join(root, name), `${text}// changed\n`)
    expect(await hashIn(root), name).not.toBe(first)
    await writeFile(join(root, name), text)
  }
  expect(await hashIn(root)).toBe(first)
})

test('types, files beside and the place of the project do not count', async () => {
  const root = await project()
  const first = await hashIn(root)
  await writeFile(join(root, 'product/shape.ts'), 'export type Shape = number\n')
  await writeFile(join(root, 'product/beside.ts'), '')
  expect(await hashIn(root)).toBe(first)
  const moved = `${root}-moved`
  await rename(root, moved)
  closing.push(() => rm(moved, { recursive: true, force: true }))
  expect(await hashIn(moved)).toBe(first)
})

test('of the sample, the hash of a product has its helpers, and nothing of the language itself', async () => {
  const products = (await readProjectProducts()).filter(({ name }) => name === 'planning')
  const { functionHashes } = await readFoldSources(products)
  expect(Object.keys(functionHashes ?? {})).toEqual(['finance/planning'])
  const folder = fileURLToPath(new URL('../../subgraphs/finance/planning/', import.meta.url))
  const root = await mkdtemp(join(tmpdir(), 'meshgate-fold-code-'))
  closing.push(() => rm(root, { recursive: true, force: true }))
  // Where there is no schema/ beside.
  for (const name of (await readdir(folder)).filter((each) => each.endsWith('.ts'))) {
    await writeFile(join(root, name), await readFile(join(folder, name), 'utf8'))
  }
  const same = await hashFoldCode(join(root, 'folds.ts'))
  expect(same).toBe(functionHashes?.['finance/planning'])
  await writeFile(join(root, 'revenue-forecast.ts'), 'export const forecastRevenue = 1\n')
  expect(await hashFoldCode(join(root, 'folds.ts'))).not.toBe(same)
})

test('a file that is not there is named', async () => {
  await expect(hashFoldCode('/nowhere/folds.ts')).rejects.toMatchObject({
    code: 'FOLD_FUNCTIONS_MISSING',
    message: expect.stringContaining('/nowhere/folds.ts') as string,
  })
})
