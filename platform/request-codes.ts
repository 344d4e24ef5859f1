// Why the gateway refuses what a client asks before anything of it runs. Part of the registry (errors.ts).
import type { CodeEntry } from './code-entry.ts'

export const REQUEST_CODES = {
  DOCUMENT_INVALID: {
    meaning: 'A GraphQL document cannot be parsed or does not fit the schema.',
    action: 'Mend the document as the message says.',
    retryable: false,
  },
  DOCUMENT_TOO_LARGE: {
    meaning:
      'A GraphQL document or its variables exceed a limit (tokens, depth, aliases, selections, root fields, fragments, directives, list size).',
    action: 'Ask for less at once, or raise the named limit.',
    retryable: false,
  },
  INTROSPECTION_DISABLED: {
    meaning: 'An operation asks for `__schema` or `__type`, and introspection is off, as it is in production.',
    action: 'Set MESHGATE_INTROSPECTION=true where clients may read the schema.',
    retryable: false,
  },
  VARIABLES_INVALID: {
    meaning: 'Variables do not fit their declared types.',
    action: 'Mend the named variable.',
    retryable: false,
  },
} as const satisfies Record<string, CodeEntry>
