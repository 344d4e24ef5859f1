// The part of the configuration that says how much a request may ask, and what is shown to whom.
import { invariant } from './errors.ts'
import { SAFETY_SETTINGS } from './safety-settings.ts'
import type { Setting } from './setting.ts'

export interface SafetyConfig {
  readonly limits: {
    readonly documentTokensMax: number
    readonly documentDepthMax: number
    readonly documentAliasesMax: number
    readonly documentSelectionsMax: number
    readonly documentRootFieldsMax: number
    readonly documentFragmentsMax: number
    readonly documentDirectivesMax: number
    readonly documentListSizeMax: number
  }
  readonly bodyBytesMax: number
  /** `max` 0: any. */
  readonly cost: { readonly max: number; readonly listSize: number; readonly tell: boolean }
  /** Null: none. */
  readonly trustedDocuments: { readonly path: string; readonly mode: 'also' | 'only' } | null
  readonly persistedQueries: boolean
  /** Null: as is usual for the command. */
  readonly introspection: boolean | null
  readonly page: boolean | null
}

/** Whoever reads has told what is wrong with a value: `null` is then whatever. */
export function readSafety(read: <T>(setting: Setting<T>) => T | null, problems: string[]): SafetyConfig | null {
  const settings = SAFETY_SETTINGS
  const known = problems.length
  const number = (setting: Setting<number>): number => {
    const value = read(setting)
    invariant(value !== null || problems.length > known, 'a setting has a default')
    return value ?? 0
  }
  const config: SafetyConfig = {
    limits: {
      documentTokensMax: number(settings.limitTokens),
      documentDepthMax: number(settings.limitDepth),
      documentAliasesMax: number(settings.limitAliases),
      documentSelectionsMax: number(settings.limitSelections),
      documentRootFieldsMax: number(settings.limitRootFields),
      documentFragmentsMax: number(settings.limitFragments),
      documentDirectivesMax: number(settings.limitDirectives),
      documentListSizeMax: number(settings.limitListSize),
    },
    bodyBytesMax: number(settings.limitBodyBytes),
    cost: {
      max: number(settings.costMax),
      listSize: number(settings.costListSize),
      tell: read(settings.costTell) ?? false,
    },
    trustedDocuments: readTrusted(read, problems),
    persistedQueries: read(settings.persistedQueries) ?? true,
    introspection: read(settings.introspection),
    page: read(settings.page),
  }
  return problems.length > known ? null : config
}

/** A mode without a file would leave open what was meant to be closed. */
function readTrusted(read: <T>(setting: Setting<T>) => T | null, problems: string[]): SafetyConfig['trustedDocuments'] {
  const { trustedDocuments, trustedDocumentsMode } = SAFETY_SETTINGS
  const path = read(trustedDocuments)
  const mode = read(trustedDocumentsMode)
  if (path === null && mode !== null && mode !== 'off') {
    problems.push(`${trustedDocumentsMode.name}=${mode} needs ${trustedDocuments.name}, the file of the documents.`)
  }
  return path === null || mode === 'off' ? null : { path, mode: mode ?? 'also' }
}
