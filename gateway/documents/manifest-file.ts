// The file that holds the manifest of trusted documents: read at the start, and again when it changes. A broken file keeps what was there
// before. Owns its timer.
import { readFile, stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { readManifest, type TrustedDocuments } from './trusted-documents.ts'

export interface ManifestFile {
  /** Of the moment. */
  readonly documents: () => TrustedDocuments
  close(): void
}

export interface ManifestFileOptions {
  readonly path: string
  readonly logger: Logger
  /** Default `limits.trustedDocumentsPollMs`. */
  readonly pollMs?: number
  /** Told of documents that have come later. */
  readonly onChange: (documents: TrustedDocuments) => void
}

const PROBLEMS_SHOWN = 20

/** FILE_UNREADABLE, or CONFIG_INVALID with everything that is wrong. */
export async function openManifestFile({ path, logger, pollMs, onChange }: ManifestFileOptions): Promise<ManifestFile> {
  let seen = await versionOf(path)
  let documents = await read(path)
  let isReading = false
  const look = async (): Promise<void> => {
    if (isReading) return
    isReading = true
    try {
      const version = await versionOf(path)
      if (version === seen) return
      seen = version
      documents = await read(path)
      logger.info({ path, documents: documents.size }, 'New trusted documents are served')
      onChange(documents)
    } catch (error) {
      logger.error({ err: error, path }, 'The trusted documents cannot be read anew: those of before are served')
    } finally {
      isReading = false
    }
  }
  const timer = setInterval(() => void look(), pollMs ?? limits.trustedDocumentsPollMs)
  timer.unref()
  return { documents: () => documents, close: () => clearInterval(timer) }
}

/** A file that is away is told of once, and read when it is back. */
async function versionOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return 'away'
  }
}

async function read(path: string): Promise<TrustedDocuments> {
  const manifest = readManifest(await readText(path))
  if (manifest.kind === 'read') return manifest.documents
  const { problems } = manifest
  const left = problems.length - PROBLEMS_SHOWN
  const shown = [...problems.slice(0, PROBLEMS_SHOWN), ...(left > 0 ? [`and ${left} more`] : [])]
  throw new MeshgateError('CONFIG_INVALID', `The trusted documents in ${path} cannot be used:\n${shown.join('\n')}`)
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > limits.trustedDocumentsBytesMax) {
      throw new Error(`it has ${size} bytes, and ${limits.trustedDocumentsBytesMax} are allowed`)
    }
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new MeshgateError('FILE_UNREADABLE', `The trusted documents cannot be read: ${reason}.`, error)
  }
}
