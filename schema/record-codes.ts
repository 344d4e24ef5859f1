// Codes of records that are rejected: part of the registry in platform/errors.ts.

export const RECORD_CODES = {
  RECORD_UNPARSABLE: {
    meaning: 'The message is not a record in the declared format or envelope.',
    action: 'Mend the producer; redrive.',
    retryable: false,
  },
  RECORD_LINE_UNMATCHED: {
    meaning: "The line is none of the source's pattern, or longer than a line may be.",
    action: "Mend the product's pattern and redrive, or leave such lines be.",
    retryable: false,
  },
  RECORD_KEY_MISSING: { meaning: 'The record has no value for the key.', action: 'Send the key.', retryable: false },
  RECORD_KEY_MISMATCH: {
    meaning: "The message's key is not the record's.",
    action: 'Key the message by the declared field.',
    retryable: false,
  },
  RECORD_FIELD_MISSING: {
    meaning: 'A required field is absent or null.',
    action: 'Send it, or declare the field nullable or with a default.',
    retryable: false,
  },
  RECORD_FIELD_TYPE: {
    meaning: "A value is not of the field's type.",
    action: 'Send a value of the type, or declare how to parse it.',
    retryable: false,
  },
  RECORD_CHECK_FAILED: {
    meaning: 'A check of the product does not hold.',
    action: 'Mend the data, or the check.',
    retryable: false,
  },
  RECORD_VERSION_AHEAD: {
    meaning: 'The version lies further ahead of the append time than is allowed.',
    action: "Mend the producer's clock.",
    retryable: false,
  },
  RECORD_VERSION_INVALID: {
    meaning: 'The version is absent, negative or too large.',
    action: 'Send a time, or an integer below 2^53.',
    retryable: false,
  },
  RECORD_TOO_LARGE: {
    meaning: 'The row or its change exceeds the limit of a record.',
    action: 'Send smaller records.',
    retryable: false,
  },
  RECORD_KEY_TOO_LONG: {
    meaning: 'A value is longer than a key of its table, or an index, can hold.',
    action: 'Send a shorter value, or key and index the table by another field.',
    retryable: false,
  },
  RECORD_NOT_STORABLE: {
    meaning: 'The store refuses the row that comes of the record.',
    action: 'Mend the value that the message names; redrive.',
    retryable: false,
  },
  RECORD_DELETE_REFUSED: {
    meaning: 'A delete of an entity whose product promises immutable keys: its further tables could not follow.',
    action: 'Drop immutableKeys from @source, or send no deletes.',
    retryable: false,
  },
} as const

export type RecordCode = keyof typeof RECORD_CODES
