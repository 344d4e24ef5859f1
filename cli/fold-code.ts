// What the functions in `folds.ts` do, as a hash: the text of the file and of all files that it imports by relative paths, theirs too. Another
// text may give other rows, so the fold begins anew. Types are not followed, since they do nothing; nor what Meshgate itself has in schema/, whose
// changes the fold's own form tells; nor packages, for which a function has its `version`.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MeshgateError } from '../platform/errors.ts'

const OWN_SCHEMA = fileURLToPath(new URL('../schema/', import.meta.url))

/** `import type … from` and `export type … from`. */
const TYPES = /\b(?:import|export)\s+type\b[^;'"]*?\bfrom\s*(['"])[^'"\n]*\1/g
/** What follows `from`, `import` or `import(`. In a comment or a text it may be meant otherwise: one file more, or none that there is. */
const IMPORTS = /\b(?:from|import)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g

/** Of the file and all that it imports. The same wherever the project lies. */
export async function hashFoldCode(file: string): Promise<string> {
  const texts = new Map<string, string>()
  await readWithImports(resolve(file), texts, null)
  const folder = dirname(resolve(file))
  const named = [...texts].map(([path, text]) => [relative(folder, path).split(sep).join('/'), text] as const)
  const inOrder = named.toSorted(([left], [right]) => (left < right ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(inOrder)).digest('hex')
}

/** FOLD_FUNCTIONS_MISSING where the first file cannot be read; what others import and nobody has, loading them will tell. */
async function readWithImports(file: string, texts: Map<string, string>, from: string | null): Promise<void> {
  if (texts.has(file) || file.startsWith(OWN_SCHEMA)) return
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (from !== null) return null
    const reason = error instanceof Error ? error.message : String(error)
    throw new MeshgateError('FOLD_FUNCTIONS_MISSING', `${file} cannot be read: ${reason}`, error)
  })
  if (text === null) return
  texts.set(file, text)
  for (const [, , path = ''] of text.replaceAll(TYPES, '').matchAll(IMPORTS)) {
    await readWithImports(resolve(dirname(file), path), texts, file)
  }
}
