// A manifest of trusted documents: what a build of the clients has written down. Two forms: `{ "<id>": "<document>" }`, and Apollo's, with
// `operations: [{ id, body, name, type }]`. Pure: everything that is wrong with it is told at once.
import { hash } from 'node:crypto'
import { Kind, parse } from 'graphql'
import { limits } from '../../platform/limits.ts'
import { isObject } from '../execute/plain-object.ts'
import type { PlannedOperation } from '../plan/prepare-operation.ts'

export interface TrustedDocuments {
  /** Undefined where no document has that id. */
  textOf(id: string): string | undefined
  readonly size: number
  /** To be planned ahead, in the manifest's order. */
  operations(): readonly PlannedOperation[]
}

export const NO_TRUSTED_DOCUMENTS: TrustedDocuments = { textOf: () => undefined, size: 0, operations: () => [] }

export type ManifestRead =
  | { readonly kind: 'read'; readonly documents: TrustedDocuments }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] }

const PREFIX = 'sha256:'
/** What an id may be (GraphQL over HTTP, appendix on persisted documents). */
const IDENTIFIER = /^[A-Za-z0-9._~-]+(:[A-Za-z0-9._~-]+)?$/

export function readManifest(text: string): ManifestRead {
  const json = parseJson(text)
  if (!isObject(json)) return { kind: 'invalid', problems: ['It is no JSON object. Write { "<id>": "<document>" }.'] }
  const problems: string[] = []
  const texts = new Map<string, string>()
  const operations: PlannedOperation[] = []
  for (const { id, body, where } of entriesOf(json, problems)) {
    const names = checkEntry({ id, body, where }, texts, problems)
    if (names === null || typeof id !== 'string' || typeof body !== 'string') continue
    texts.set(id, body)
    for (const operationName of names) {
      operations.push({ query: body, operationName, variables: {}, requirementsMet: [] })
    }
  }
  if (problems.length > 0) return { kind: 'invalid', problems }
  return { kind: 'read', documents: trusted(texts, operations) }
}

function trusted(texts: ReadonlyMap<string, string>, operations: readonly PlannedOperation[]): TrustedDocuments {
  return {
    // A plain hash in one place may be written with its prefix in the other.
    textOf: (id) => texts.get(id) ?? texts.get(id.startsWith(PREFIX) ? id.slice(PREFIX.length) : PREFIX + id),
    size: texts.size,
    operations: () => operations.slice(0, limits.planCacheEntriesMax),
  }
}

interface Entry {
  readonly id: unknown
  readonly body: unknown
  /** As a problem names it. */
  readonly where: string
}

function entriesOf(json: Readonly<Record<string, unknown>>, problems: string[]): readonly Entry[] {
  const { operations, format } = json
  if (!Array.isArray(operations) && format === undefined) {
    return Object.entries(json).map(([id, body]) => ({ id, body, where: JSON.stringify(id) }))
  }
  if (!Array.isArray(operations)) {
    problems.push('It says its format and has no list of operations.')
    return []
  }
  return operations.map((operation: unknown, index) => {
    const { id, body } = isObject(operation) ? operation : {}
    return { id, body, where: `operations[${index}]${typeof id === 'string' ? ` (${id})` : ''}` }
  })
}

/** Names of the operations, or undefined for the only one; null where a problem has been told. */
function checkEntry(
  { id, body, where }: Entry,
  known: ReadonlyMap<string, string>,
  problems: string[],
): readonly (string | undefined)[] | null {
  const refuse = (problem: string): null => {
    problems.push(`${where}: ${problem}`)
    return null
  }
  if (typeof id !== 'string' || !IDENTIFIER.test(id)) return refuse('this is no id. Write letters, digits and -._~')
  if (typeof body !== 'string') return refuse('its document is no text.')
  const other = known.get(id)
  if (other !== undefined && other !== body) return refuse('another document has this id.')
  if (id.startsWith(PREFIX) && id !== PREFIX + hash('sha256', body))
    return refuse('the hash is not that of its document.')
  try {
    const { definitions } = parse(body, { maxTokens: limits.documentTokensMax, noLocation: true })
    const names = definitions.flatMap((each) => (each.kind === Kind.OPERATION_DEFINITION ? [each.name?.value] : []))
    if (names.length === 0) return refuse('it has no operation.')
    return names.length === 1 ? [undefined] : names
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
