// Opens a message's envelope: what the record is, or that the message deletes. Values only; the text is already JSON.
import type { Source } from '../model.ts'
import { isJsonObject } from './record-json.ts'
import type { JsonObject } from './record-json.ts'

export type Opened =
  /** `version`: where the envelope has one. */
  | { readonly kind: 'record'; readonly record: JsonObject; readonly version?: unknown }
  /** `before`: the row that is gone, where the envelope tells. */
  | { readonly kind: 'delete'; readonly before: JsonObject | null; readonly version?: unknown }
  | { readonly kind: 'broken'; readonly message: string }

type Headers = Readonly<Record<string, string>>

export interface EnvelopeReader {
  /** Opens the value of a message. `reparse` reads text inside the envelope in the same way as the message. */
  open(value: unknown, headers: Headers, reparse: (text: string) => unknown): Opened
  /** The record key inside a JSON message key. */
  keyPayload(key: unknown): unknown
}

const broken = (message: string): Opened => ({ kind: 'broken', message })
const record = (value: unknown, what: string): Opened =>
  isJsonObject(value) ? { kind: 'record', record: value } : broken(`${what} must be a JSON object.`)

const header = (headers: Headers, name: string): string | undefined =>
  Object.hasOwn(headers, name) ? headers[name] : undefined

const isJsonType = (contentType: string): boolean => /^[\w.+-]+\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType.trim())

const requiredAttributes = ['id', 'source', 'type'] as const

/** CloudEvents 1.0, Kafka binding: binary mode has `ce_` headers, structured mode one JSON object. */
function openCloudEvent(value: unknown, headers: Headers, reparse: (text: string) => unknown): Opened {
  const version = header(headers, 'ce_specversion')
  if (version !== undefined) return openBinary(value, headers, version)
  if (!isJsonObject(value)) return broken('A CloudEvent in structured mode must be a JSON object.')
  if (value['specversion'] !== '1.0') return broken('The CloudEvent must have specversion "1.0".')
  for (const name of requiredAttributes) {
    const attribute = value[name]
    if (typeof attribute !== 'string' || attribute === '')
      return broken(`The CloudEvent must have the attribute ${name}.`)
  }
  const contentType = value['datacontenttype']
  if (typeof contentType === 'string' && !isJsonType(contentType))
    return broken(`The CloudEvent's data must be JSON; its datacontenttype is ${contentType.slice(0, 60)}.`)
  const base64 = value['data_base64']
  if (typeof base64 !== 'string') return record(value['data'], "The CloudEvent's data")
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    return record(reparse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), "The CloudEvent's data_base64")
  } catch {
    return broken("The CloudEvent's data_base64 must be JSON in base64.")
  }
}

function openBinary(value: unknown, headers: Headers, version: string): Opened {
  if (version !== '1.0') return broken('The CloudEvent must have the header ce_specversion "1.0".')
  for (const name of requiredAttributes)
    if (!header(headers, `ce_${name}`)) return broken(`The CloudEvent must have the header ce_${name}.`)
  const contentType = header(headers, 'content-type')
  if (contentType !== undefined && !isJsonType(contentType))
    return broken(`The CloudEvent's data must be JSON; its content-type is ${contentType.slice(0, 60)}.`)
  return record(value, "The CloudEvent's data")
}

/** With the converter's schemas on, the event is wrapped in `{schema, payload}`. */
const unwrapped = (value: unknown): unknown =>
  isJsonObject(value) && Object.hasOwn(value, 'payload') && Object.hasOwn(value, 'schema') ? value['payload'] : value

function openDebezium(value: unknown): Opened {
  const event = unwrapped(value)
  if (!isJsonObject(event)) return broken('A Debezium event must be a JSON object.')
  switch (event['op']) {
    case 'c':
    case 'r':
    case 'u':
      return record(event['after'], "The Debezium event's after")
    case 'd':
      return { kind: 'delete', before: isJsonObject(event['before']) ? event['before'] : null }
    default:
      return broken('The Debezium event must have op c, r, u or d.')
  }
}

function openDerived(value: unknown): Opened {
  if (!isJsonObject(value)) return broken("A derived entity's record must be a JSON object.")
  const { version } = value
  if (!Object.hasOwn(value, 'delete')) {
    const { row } = value
    return isJsonObject(row)
      ? { kind: 'record', record: row, version }
      : broken("The derived record's row must be a JSON object.")
  }
  const key = value['delete']
  return isJsonObject(key)
    ? { kind: 'delete', before: key, version }
    : broken("The derived record's delete must be a JSON object with the key.")
}

export function envelopeReader(envelope: Source['envelope']): EnvelopeReader {
  switch (envelope) {
    case 'NONE':
      return { open: (value) => record(value, 'The record'), keyPayload: (key) => key }
    case 'CLOUDEVENTS':
      return { open: openCloudEvent, keyPayload: (key) => key }
    case 'DEBEZIUM':
      return { open: openDebezium, keyPayload: unwrapped }
    case 'DERIVED':
      return { open: openDerived, keyPayload: (key) => key }
  }
}
