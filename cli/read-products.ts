// Reads and compiles the products that a command names. What is wrong with them is a value: every diagnostic of every file.
import { readFile, readdir, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkMesh } from '../schema/check-mesh.ts'
import { compileProduct } from '../schema/compile-product.ts'
import type { Diagnostic } from '../schema/diagnostic.ts'
import { formatDiagnostic } from '../schema/format-diagnostic.ts'
import type { Product } from '../schema/model.ts'
import { MeshgateError } from '../platform/errors.ts'
import type { Terminal } from './command-context.ts'

const PRODUCT_FILE = 'product.graphql'

/** The products of the project itself: a folder per domain. */
const subgraphsDirectory = fileURLToPath(new URL('../subgraphs/', import.meta.url))

export interface ProductsRead {
  readonly products: readonly Product[]
  readonly diagnostics: readonly Diagnostic[]
  /** Null products and errors among the diagnostics: nothing may run. */
  readonly refused: boolean
}

/** `paths` name product files, their folders, or products of the project (`sales/orders`); with none, those of the project's `subgraphs/`. */
export async function readProducts(paths: readonly string[]): Promise<ProductsRead> {
  const files = paths.length > 0 ? (await Promise.all(paths.map(productFiles))).flat() : await projectProducts()
  const compiled = await Promise.all(files.map(compileFile))
  const products = compiled.flatMap(({ product }) => (product === null ? [] : [product]))
  const diagnostics = [...compiled.flatMap((one) => one.diagnostics), ...(await meshDiagnostics(files, products))]
  const refused = products.length < files.length || diagnostics.some(({ severity }) => severity === 'ERROR')
  return { products, diagnostics, refused }
}

/** How the products fit together; those of the project also with their neighbours that were not named. */
async function meshDiagnostics(files: readonly string[], products: readonly Product[]): Promise<readonly Diagnostic[]> {
  const ofProject = files.every((file) => file.startsWith(subgraphsDirectory))
  const neighbours = ofProject ? (await projectProducts()).filter((file) => !files.includes(file)) : []
  const compiled = await Promise.all(neighbours.map(compileFile))
  const mesh = [...products, ...compiled.flatMap(({ product }) => (product === null ? [] : [product]))]
  const named = new Set(files.map(shownPath))
  return checkMesh(mesh).filter(({ location }) => named.has(location.file))
}

/** As `readProducts`, for commands that run them: prints what there is to say, and gives null when they are refused. */
export async function readProductsToRun(
  paths: readonly string[],
  terminal: Terminal,
): Promise<readonly Product[] | null> {
  const { products, diagnostics, refused } = await readProducts(paths)
  for (const diagnostic of diagnostics) {
    if (refused || diagnostic.severity === 'ERROR') terminal.report(`${formatDiagnostic(diagnostic)}\n`)
  }
  return refused ? null : products
}

/** The products of the project that compile. */
export async function readProjectProducts(): Promise<readonly Product[]> {
  const compiled = await Promise.all((await projectProducts()).map(compileFile))
  return compiled.flatMap(({ product }) => (product === null ? [] : [product]))
}

async function compileFile(file: string): Promise<ReturnType<typeof compileProduct>> {
  return compileProduct(shownPath(file), await readFile(file, 'utf8'))
}

/** As an editor or a shell opened here finds it. */
function shownPath(file: string): string {
  const shown = relative(process.cwd(), file)
  return shown.startsWith('..') ? file : shown
}

/** Of a folder: its own product file and those of the folders in it. */
async function productFiles(path: string): Promise<readonly string[]> {
  const absolute = resolve(path)
  const found = await stat(absolute).catch(() => null)
  if (found === null) {
    const named = await projectProduct(path)
    if (named !== null) return [named]
    const message = `${path} does not exist, and no product of the project is called so. Name a ${PRODUCT_FILE}, its folder, or domain/name.`
    throw new MeshgateError('FILE_UNREADABLE', message)
  }
  if (!found.isDirectory()) return [absolute]
  const files = await filesIn(absolute)
  // Said of the file that is missing, by whoever reads it.
  return files.length > 0 ? files : [join(absolute, PRODUCT_FILE)]
}

/** The file of the project's product of that name, e.g. `sales/orders`: as outputs and logs call it. */
async function projectProduct(name: string): Promise<string | null> {
  for (const file of await projectProducts()) {
    const { product } = await compileFile(file)
    if (product !== null && `${product.domain}/${product.name}` === name) return file
  }
  return null
}

/** `<domain>/product.graphql`, and `<domain>/<product>/product.graphql` where a domain has several. */
async function projectProducts(): Promise<readonly string[]> {
  const domains = await foldersIn(subgraphsDirectory)
  return (await Promise.all(domains.map(filesIn))).flat()
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const files = [folder, ...(await foldersIn(folder))].map((each) => join(each, PRODUCT_FILE))
  const exist = await Promise.all(
    files.map((file) =>
      stat(file)
        .then(() => true)
        .catch(() => false),
    ),
  )
  return files.filter((_, index) => exist[index])
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .toSorted()
}
