// The documents of a gateway as its options say: the manifest's file, opened and watched, and what clients have sent before.
import type { Logger } from 'pino'
import type { PlannedOperation } from '../plan/prepare-operation.ts'
import { createDocuments, type Documents, type TrustMode } from './documents.ts'
import { openManifestFile, type ManifestFile } from './manifest-file.ts'
import { NO_TRUSTED_DOCUMENTS } from './trusted-documents.ts'

export interface TrustedDocumentsOptions {
  /** The manifest: JSON, `{ "<id>": "<document>" }` or Apollo's. */
  readonly path: string
  /** `also`: besides text of clients' own. `only`: such text is refused. */
  readonly mode: Exclude<TrustMode, 'off'>
  readonly pollMs?: number
}

export interface OpenDocuments {
  readonly documents: Documents
  /** Of the trusted documents, to be planned ahead. */
  operations(): readonly PlannedOperation[]
  close(): void
}

interface Options {
  readonly trustedDocuments?: TrustedDocumentsOptions
  readonly persistedQueries?: boolean
  readonly logger: Logger
}

/** FILE_UNREADABLE or CONFIG_INVALID. `onOperations` is told of what a changed manifest has. */
export async function openDocuments(
  { trustedDocuments, persistedQueries = true, logger }: Options,
  onOperations: (operations: readonly PlannedOperation[]) => void,
): Promise<OpenDocuments> {
  const file = trustedDocuments === undefined ? null : await openFile(trustedDocuments, logger, onOperations)
  const trusted = file?.documents ?? (() => NO_TRUSTED_DOCUMENTS)
  return {
    documents: createDocuments({ mode: trustedDocuments?.mode ?? 'off', trusted, persistedQueries }),
    operations: () => trusted().operations(),
    close: () => file?.close(),
  }
}

function openFile(
  { path, pollMs }: TrustedDocumentsOptions,
  logger: Logger,
  onOperations: (operations: readonly PlannedOperation[]) => void,
): Promise<ManifestFile> {
  const onChange: Parameters<typeof openManifestFile>[0]['onChange'] = (documents) =>
    onOperations(documents.operations())
  return openManifestFile({ path, logger, onChange, ...(pollMs === undefined ? {} : { pollMs }) })
}
