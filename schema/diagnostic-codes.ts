// Codes of problems in product files: part of the registry in platform/errors.ts.

export const DIAGNOSTIC_CODES = {
  PRODUCT_SYNTAX: {
    meaning: 'The file is not valid GraphQL SDL.',
    action: 'Mend the syntax at the place named.',
    retryable: false,
  },
} as const

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES
