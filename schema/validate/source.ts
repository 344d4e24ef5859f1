// Where an entity's records come from: the topic's name and settings, and the fields that key, time and version them.
import type { Source } from '../model.ts'
import {
  argumentPlace,
  flagOf,
  memberOf,
  numberOf,
  optionalTextOf,
  textOf,
  wholeDirective,
} from '../parse/directive-values.ts'
import { parseDurationMs, suggestDuration } from '../parse/duration.ts'
import type { Directive } from '../parse/read-directives.ts'
import type { Reporter } from '../parse/reporter.ts'
import { schemaLimits } from '../schema-limits.ts'
import { checkKeyable } from './keyable.ts'
import { compileLinePattern } from './line-pattern.ts'
import { findValueField, type FieldShape, shapeTypeText, type TypeShape } from './shapes.ts'

const TOPIC = /^[a-z][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)+$/
const OWN_SUFFIX = /\.(?:changes|rejected|rekeyed|touched|contributions)$/

/** Milliseconds; null where absent or, reported, no duration. */
export function durationOf(directive: Directive, name: string, reporter: Reporter): number | null {
  const text = optionalTextOf(directive, name)
  if (text === null) return null
  const milliseconds = parseDurationMs(text)
  if (milliseconds === null) {
    const message = `@${directive.name}(${name}:) is "${text}", which is no duration of fixed length above zero.`
    reporter.error('DURATION_INVALID', argumentPlace(directive, name), message, suggestDuration(text))
  }
  return milliseconds
}

function checkTopic(directive: Directive, domain: string | null, reporter: Reporter): void {
  const topic = textOf(directive, 'topic')
  const at = argumentPlace(directive, 'topic')
  const name = topic
    .split('.')
    .at(-1)
    ?.toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replaceAll(/^[-_]+|[-_]+$/g, '')
  const proposal = `Write "${domain ?? 'domain'}.${name === undefined || name === '' ? 'records' : name}".`
  if (OWN_SUFFIX.test(topic)) {
    const message = `The topic "${topic}" ends like a topic that Meshgate makes beside another.`
    reporter.error('SOURCE_TOPIC_INVALID', at, message, 'Name it without what follows the last dot.')
  } else if (!TOPIC.test(topic)) {
    const message = `The topic "${topic}" is not of the form domain.name, in lower case letters, digits, "-", "_" and ".".`
    reporter.error('SOURCE_TOPIC_INVALID', at, message, proposal)
  } else if (domain !== null && !topic.startsWith(`${domain}.`)) {
    reporter.error(
      'SOURCE_TOPIC_INVALID',
      at,
      `The topic "${topic}" does not begin with the product's domain.`,
      proposal,
    )
  } else if (topic.length > schemaLimits.topicNameCharactersMax) {
    const message = `The topic's name has ${topic.length} characters.`
    reporter.error('SOURCE_TOPIC_INVALID', at, message, `Write at most ${schemaLimits.topicNameCharactersMax}.`)
  }
}

interface SourceField {
  readonly argument: 'key' | 'time' | 'version'
  /** Accepted scalars. */
  readonly scalars: readonly string[]
  readonly wanted: string
}

function findSourceField(
  shape: TypeShape,
  directive: Directive,
  wanted: SourceField,
  reporter: Reporter,
): FieldShape | null {
  const { argument } = wanted
  const name = optionalTextOf(directive, argument)
  if (name === null) return null
  const at = argumentPlace(directive, argument)
  const by = `@source(${argument}:)`
  const [first = ''] = name.trim().split(/[\s,]+/)
  const several = first !== name && shape.fields.has(first)
  const whereNothingIsNear = `Name one field, e.g. "${first}": where the key has more, records are re-keyed by all of it.`
  const field = findValueField({ shape, name, at, by, ...(several ? { whereNothingIsNear } : {}) }, reporter)
  if (field === null) return null
  const { type } = field
  if (field.role === 'computed' && argument !== 'time') {
    const message = `${by} names "${name}", which is computed and not in the record.`
    reporter.error('SOURCE_FIELD_TYPE', at, message, 'Name a field that the record holds.')
    return null
  }
  if (type.kind !== 'scalar' || !wanted.scalars.includes(type.scalar)) {
    const message = `${by} names "${name}", whose type is ${shapeTypeText(type)}.`
    reporter.error('SOURCE_FIELD_TYPE', at, message, `Name ${wanted.wanted}.`)
    return null
  }
  if (argument === 'key') return checkKeyable(field, by, at, reporter) ? field : null
  if (field.nullable && argument !== 'time') {
    const message = `${by} names "${name}", which is nullable: a record without it could not be placed.`
    reporter.error('SOURCE_FIELD_TYPE', at, message, `Declare it "${name}: ${shapeTypeText(type)}!".`)
    return null
  }
  return field
}

const KEY_FIELD: SourceField = {
  argument: 'key',
  scalars: ['ID', 'String', 'Int', 'BigInt', 'Decimal', 'DateTime', 'Date', 'UUID', 'EmailAddress', 'URL'],
  wanted: 'a single field that compares exactly, e.g. an ID',
}
const TIME_FIELD: SourceField = { argument: 'time', scalars: ['DateTime', 'Date'], wanted: 'a DateTime or Date' }
const VERSION_FIELD: SourceField = {
  argument: 'version',
  scalars: ['DateTime', 'Int', 'BigInt'],
  wanted: 'a DateTime (an update time), or an Int or BigInt (a sequence)',
}

/** `severalPerKey`: messages of one key may be of several entities. */
function checkConflicts(directive: Directive, severalPerKey: boolean, reporter: Reporter): void {
  if (!flagOf(directive, 'compacted')) return
  const at = argumentPlace(directive, 'compacted')
  if (flagOf(directive, 'partial')) {
    const message = 'A topic of partial records cannot be compacted: the columns of earlier records would be lost.'
    reporter.error('SOURCE_CONFLICT', at, message, 'Remove compacted, or send whole records and remove partial.')
  }
  if (severalPerKey) {
    const message = "A topic keyed by another field than the entity's key cannot be compacted: entities would be lost."
    reporter.error('SOURCE_CONFLICT', at, message, "Remove compacted, or key the topic by the entity's key.")
  }
}

function checkPartitions(directive: Directive, reporter: Reporter): number {
  const partitions = numberOf(directive, 'partitions')
  const most = schemaLimits.topicPartitionsMax
  if (partitions < 1 || partitions > most) {
    const message = `A topic cannot have ${partitions} partitions.`
    reporter.error('PRODUCT_VALUE_INVALID', argumentPlace(directive, 'partitions'), message, `Write 1 to ${most}.`)
  }
  return partitions
}

/** Null where the source is missing or broken (reported). */
export function compileSource(
  shape: TypeShape,
  key: readonly string[] | null,
  domain: string | null,
  reporter: Reporter,
): Source | null {
  const directive = wholeDirective(shape.declaration.directives, 'source')
  if (directive === null) return null
  checkTopic(directive, domain, reporter)
  const keyField = findSourceField(shape, directive, KEY_FIELD, reporter)
  const timeField = findSourceField(shape, directive, TIME_FIELD, reporter)
  const versionField = findSourceField(shape, directive, VERSION_FIELD, reporter)
  const known = keyField !== null && key !== null
  // Records of one entity have one value of each field of its key, so they share a partition where any of these keys the messages.
  const rekeyed = known && !key.includes(keyField.name)
  checkConflicts(directive, known && !(key.length === 1 && key[0] === keyField.name), reporter)
  const sequence = versionField?.type?.kind === 'scalar' && versionField.type.scalar !== 'DateTime'
  const retentionMs = durationOf(directive, 'retention', reporter)
  const changesRetentionMs = durationOf(directive, 'changesRetention', reporter)
  return {
    topic: textOf(directive, 'topic'),
    keyField: textOf(directive, 'key'),
    timeField: timeField?.name ?? null,
    version: versionField === null ? null : { field: versionField.name, kind: sequence ? 'SEQUENCE' : 'TIME' },
    envelope: memberOf(directive, 'envelope', ['NONE', 'CLOUDEVENTS', 'DEBEZIUM']),
    format: memberOf(directive, 'format', ['JSON', 'TEXT']),
    pattern: compileLinePattern(shape, directive, reporter),
    partial: flagOf(directive, 'partial'),
    immutableKeys: flagOf(directive, 'immutableKeys'),
    partitions: checkPartitions(directive, reporter),
    retentionMs,
    changesRetentionMs: changesRetentionMs ?? 0,
    compacted: flagOf(directive, 'compacted'),
    rekeyed,
  }
}
