// Which document a request asks for: its own text, a trusted document by its id, or one that a client has sent before, by its hash (Apollo's
// automatic persisted queries). Decides, too, whether text of the client's own is answered at all.
import { hash } from 'node:crypto'
import { GraphQLError } from 'graphql'
import type { FailureCode } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { createLruCache } from '../../platform/lru-cache.ts'
import { isReady, type Engine, type EngineRequest, type EngineResult } from '../engine-contract.ts'
import { isObject } from '../execute/plain-object.ts'
import type { TrustedDocuments } from './trusted-documents.ts'

export type TrustMode = 'off' | 'also' | 'only'

export interface DocumentsOptions {
  /** `only`: no text of a client's own is answered. */
  readonly mode: TrustMode
  /** Of the moment; not asked where the mode is `off`. */
  readonly trusted: () => TrustedDocuments
  /** Apollo's automatic persisted queries; never where the mode is `only`. */
  readonly persistedQueries: boolean
}

export interface Documents {
  /** The request with its text, itself where it has brought it; else why there is none. */
  resolve(request: EngineRequest): EngineRequest | EngineResult
  /** Its document was found valid: kept for those who ask by its hash, where its client has said that it will. */
  accept(request: EngineRequest): void
}

export function createDocuments({ mode, trusted, persistedQueries }: DocumentsOptions): Documents {
  const bounds = { entriesMax: limits.persistedQueriesMax, weightMax: limits.persistedQueryCharactersMax }
  const persisted = createLruCache<string>(bounds)
  const keeps = persistedQueries && mode !== 'only'

  const byId = (id: string, request: EngineRequest): EngineRequest | EngineResult => {
    if (request.query !== '') return refused('REQUEST_INVALID', 'Send "documentId" or "query", not both.')
    const query = mode === 'off' ? undefined : trusted().textOf(id)
    return query === undefined ? refused('DOCUMENT_NOT_FOUND', NOT_FOUND) : known(request, query)
  }
  const byHash = (asked: string, request: EngineRequest): EngineRequest | EngineResult => {
    const query = mode === 'off' ? undefined : trusted().textOf(asked)
    if (query !== undefined) return known(request, query)
    if (mode === 'only') return refused('DOCUMENT_NOT_FOUND', NOT_FOUND)
    if (!keeps) return refused('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported')
    const kept = persisted.get(asked)
    return kept === undefined ? refused('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound') : known(request, kept)
  }

  return {
    resolve: (request) => {
      const { documentId, query, extensions } = request
      if (request.isKnown === true) return request
      if (documentId !== undefined) return byId(documentId, request)
      const asked = extensions === undefined ? null : askedHash(extensions)
      if (asked !== null && typeof asked === 'object') return asked
      if (query === '' && asked !== null) return byHash(asked, request)
      if (query === '') return refused('REQUEST_INVALID', 'The request has no "query".')
      if (mode === 'only') return refused('TRUSTED_DOCUMENT_REQUIRED', ONLY_TRUSTED)
      if (asked !== null && keeps && asked !== hash('sha256', query)) return refused('REQUEST_INVALID', MISMATCH)
      return request
    },
    accept: ({ query, extensions, isKnown }) => {
      if (!keeps || isKnown === true || extensions === undefined) return
      const asked = askedHash(extensions)
      if (typeof asked === 'string') persisted.set(asked, query, query.length)
    },
  }
}

/** A request that names its document is prepared by its text; who answers it later finds the text in the operation. */
export function withDocuments(prepare: Engine['prepare'], documents: Documents): Engine['prepare'] {
  return async (request) => {
    const resolved = documents.resolve(request)
    if (!('query' in resolved)) return resolved
    const operation = await prepare(resolved)
    if (!isReady(operation)) return operation
    documents.accept(resolved)
    return resolved === request ? operation : { ...operation, query: resolved.query }
  }
}

const NOT_FOUND = 'No document has this id. Send an id of the manifest that this gateway was given.'
const ONLY_TRUSTED = 'This gateway answers trusted documents only. Send the id of one as "documentId".'
const MISMATCH = 'provided sha does not match query'
const VERSION = 1

function known(request: EngineRequest, query: string): EngineRequest {
  return { ...request, query, isKnown: true }
}

/** Null where none is named. */
function askedHash({ persistedQuery }: Readonly<Record<string, unknown>>): string | EngineResult | null {
  if (!isObject(persistedQuery)) return null
  const { version, sha256Hash } = persistedQuery
  if (version !== VERSION) return refused('REQUEST_INVALID', 'Unsupported persisted query version')
  return typeof sha256Hash === 'string' ? sha256Hash : refused('REQUEST_INVALID', '"sha256Hash" must be a string.')
}

function refused(code: FailureCode, message: string): EngineResult {
  return { errors: [new GraphQLError(message, { extensions: { code } }).toJSON()] }
}
