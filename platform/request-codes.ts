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
  COST_EXCEEDED: {
    meaning:
      'An operation is estimated to cost more than one may: by `@cost`, `@listSize` and the lists that it asks for.',
    action: 'Ask for fewer or less at the field that the message names, or raise MESHGATE_COST_MAX.',
    retryable: false,
  },
  SLICING_ARGUMENT_REQUIRED: {
    meaning:
      'The schema asks for exactly one of some arguments of a field (`@listSize`), and none or several are given.',
    action: 'Give one of those that the message names.',
    retryable: false,
  },
  REQUEST_INVALID: {
    meaning: 'An HTTP or WebSocket request is not a GraphQL request.',
    action: 'Send it as the message says.',
    retryable: false,
  },
  DOCUMENT_NOT_FOUND: {
    meaning: 'A request names a trusted document by an id that the manifest of the gateway does not have.',
    action: 'Send an id of the manifest, or give the gateway the manifest that has it.',
    retryable: false,
  },
  TRUSTED_DOCUMENT_REQUIRED: {
    meaning: 'A request brings a text of its own, and the gateway answers trusted documents only.',
    action: 'Send the id of a trusted document as `documentId`.',
    retryable: false,
  },
  PERSISTED_QUERY_NOT_FOUND: {
    meaning: 'A request names its document by a hash that the gateway does not know (automatic persisted queries).',
    action: 'Send hash and text once more, as clients of this protocol do by themselves.',
    retryable: true,
  },
  PERSISTED_QUERY_NOT_SUPPORTED: {
    meaning: 'A request names its document by a hash, and automatic persisted queries are off.',
    action: 'Send the text, as clients of this protocol do by themselves.',
    retryable: false,
  },
  VARIABLES_INVALID: {
    meaning: 'Variables do not fit their declared types.',
    action: 'Mend the named variable.',
    retryable: false,
  },
  PLAN_FAILED: {
    meaning: 'A valid operation cannot be planned: a limit of the planner.',
    action: 'Write the operation another way and report it with the schema.',
    retryable: false,
  },
  PLANNING_OVERLOADED: {
    meaning: 'More large operations wait to be planned than the gateway plans in a second or two.',
    action: 'Retry with backoff; operations that were planned before are not concerned.',
    retryable: true,
  },
} as const satisfies Record<string, CodeEntry>
