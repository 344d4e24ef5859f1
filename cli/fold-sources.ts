// What derived products need to be ingested beside their own files: the products that they are made from, and the functions in `folds.ts`.
import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MeshgateError } from '../platform/errors.ts'
import type { FoldFunctions } from '../schema/fold/fold-function.ts'
import type { Product } from '../schema/model.ts'
import { hashFoldCode } from './fold-code.ts'
import { readProjectProducts } from './read-products.ts'

export interface FoldSources {
  /** Products of the project that are read and not among those given. */
  readonly inputs: readonly Product[]
  /** By `domain/name`. */
  readonly functions: Readonly<Record<string, FoldFunctions>>
  /** Hash of the functions' files, by `domain/name`. */
  readonly functionHashes?: Readonly<Record<string, string>>
}

/** The first is the source, the other what is made of it where it is published. */
const FUNCTION_FILES = ['folds.ts', 'folds.js'] as const

/** FOLD_FUNCTIONS_MISSING where a product names a function and there is no file for it. */
export async function readFoldSources(products: readonly Product[]): Promise<FoldSources> {
  const [inputs, modules] = await Promise.all([inputsOf(products), modulesOf(products)])
  const functions = Object.fromEntries(modules.map(([name, { folds }]) => [name, folds]))
  const functionHashes = Object.fromEntries(modules.map(([name, { hash }]) => [name, hash]))
  return { inputs, functions, functionHashes }
}

async function inputsOf(products: readonly Product[]): Promise<readonly Product[]> {
  const given = new Set(products.map(nameOf))
  const missing = new Set(products.flatMap(({ reads }) => reads.map(({ product }) => product)))
  for (const name of given) missing.delete(name)
  if (missing.size === 0) return []
  return (await readProjectProducts()).filter((product) => missing.has(nameOf(product)))
}

interface FoldModule {
  readonly folds: FoldFunctions
  readonly hash: string
}

async function modulesOf(products: readonly Product[]): Promise<readonly (readonly [name: string, FoldModule])[]> {
  const modules: (readonly [string, FoldModule])[] = []
  for (const product of products) {
    const named = product.entities.flatMap(({ derivation }) => derivation?.function?.name ?? [])
    const [first] = named
    if (first !== undefined) modules.push([nameOf(product), await importFunctions(product, first)])
  }
  return modules
}

async function importFunctions(product: Product, named: string): Promise<FoldModule> {
  const folder = dirname(resolve(product.file))
  const file = await firstFile(FUNCTION_FILES.map((name) => join(folder, name)))
  if (file === null) {
    const message = `${nameOf(product)} names the function "${named}", and ${join(folder, FUNCTION_FILES[0])} does not exist: export it there, \`export const folds: FoldFunctions = { ${named}: … }\`.`
    throw new MeshgateError('FOLD_FUNCTIONS_MISSING', message)
  }
  const module = (await import(pathToFileURL(file).href).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new MeshgateError('FOLD_FUNCTIONS_MISSING', `${file} cannot be loaded: ${reason}`, error)
  })) as { readonly folds?: unknown }
  if (typeof module.folds === 'object' && module.folds !== null) {
    return { folds: module.folds as FoldFunctions, hash: await hashFoldCode(file) }
  }
  const message = `${file} does not export \`folds\`, which has the function "${named}" of ${nameOf(product)}: write \`export const folds: FoldFunctions = { ${named}: … }\`.`
  throw new MeshgateError('FOLD_FUNCTIONS_MISSING', message)
}

async function firstFile(files: readonly string[]): Promise<string | null> {
  for (const file of files) {
    const found = await stat(file).catch(() => null)
    if (found?.isFile() === true) return file
  }
  return null
}

function nameOf({ domain, name }: Product): string {
  return `${domain}/${name}`
}
