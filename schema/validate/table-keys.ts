// Key parts of tables as written: `field`, `day(field)` in a partition key, `field` or `field desc` in a clustering key.
import type { ClusteringPart, PartitionPart, TimeBucket } from '../model.ts'
import { itemPlace, textOf, textsOf } from '../parse/directive-values.ts'
import { suggestName } from '../parse/nearest-name.ts'
import type { Directive } from '../parse/read-directives.ts'
import type { Reporter } from '../parse/reporter.ts'
import { checkKeyable } from './keyable.ts'
import { findValueField, shapeTypeText, type TypeShape } from './shapes.ts'

const PARTITION_PART = /^\s*(?:([A-Za-z_]\w*)|([A-Za-z]\w*)\s*\(\s*([A-Za-z_]\w*)\s*\))\s*$/
const CLUSTERING_PART = /^\s*([A-Za-z_]\w*)(?:\s+(asc|desc))?\s*$/i

const BUCKETS: readonly TimeBucket[] = ['hour', 'day', 'month', 'year']

const isBucket = (text: string): text is TimeBucket => BUCKETS.some((bucket) => bucket === text)

interface Part {
  readonly shape: TypeShape
  readonly directive: Directive
  readonly argument: 'partitionKey' | 'clusteringKey'
  readonly index: number
  readonly text: string
}

const describeBy = (part: Part): string => `@table(${part.argument}:) of "${textOf(part.directive, 'name')}"`

function findPartField(part: Part, name: string, reporter: Reporter) {
  const at = itemPlace(part.directive, part.argument, part.index)
  const by = describeBy(part)
  const field = findValueField({ shape: part.shape, name, at, by }, reporter)
  return field !== null && checkKeyable(field, by, at, reporter) ? field : null
}

function reportSyntax(part: Part, fix: string, reporter: Reporter): null {
  const at = itemPlace(part.directive, part.argument, part.index)
  reporter.error('TABLE_KEY_SYNTAX', at, `${describeBy(part)} has the part "${part.text}", which is malformed.`, fix)
  return null
}

function compileBucket(part: Part, bucket: string, name: string, reporter: Reporter): PartitionPart | null {
  const at = itemPlace(part.directive, part.argument, part.index)
  if (!isBucket(bucket)) {
    const message = `${describeBy(part)} has the time bucket "${bucket}", which there is not.`
    reporter.error(
      'TABLE_KEY_SYNTAX',
      at,
      message,
      suggestName(bucket, BUCKETS).replaceAll(/"(\w+)"/g, `"$1(${name})"`),
    )
    return null
  }
  const field = findPartField(part, name, reporter)
  if (field === null) return null
  const scalar = field.type.kind === 'scalar' ? field.type.scalar : null
  if (scalar !== 'DateTime' && scalar !== 'Date') {
    const message = `${describeBy(part)} has a time bucket of "${name}", whose type is ${shapeTypeText(field.type)}.`
    reporter.error('TABLE_BUCKET', at, message, 'Bucket a DateTime or Date.')
    return null
  }
  if (scalar === 'Date' && bucket === 'hour') {
    reporter.error('TABLE_BUCKET', at, `${describeBy(part)} has hours of "${name}", a Date.`, `Write "day(${name})".`)
    return null
  }
  const column = `${name}_${bucket}`
  if (part.shape.fields.has(column)) {
    const message = `The bucket "${part.text}" makes the column "${column}", which "${part.shape.name}" has as a field.`
    reporter.error('NAME_DUPLICATE', at, message, `Rename the field "${column}".`)
    return null
  }
  return { field: name, bucket, column }
}

function compilePartitionPart(part: Part, reporter: Reporter): PartitionPart | null {
  const match = PARTITION_PART.exec(part.text)
  const [, plain, bucket, bucketed] = match ?? []
  if (bucket !== undefined && bucketed !== undefined) return compileBucket(part, bucket, bucketed, reporter)
  if (plain === undefined) {
    return reportSyntax(
      part,
      'Write the name of a field, or hour, day, month or year of one, e.g. "day(readAt)".',
      reporter,
    )
  }
  return findPartField(part, plain, reporter) === null ? null : { field: plain, bucket: null, column: plain }
}

function compileClusteringPart(part: Part, reporter: Reporter): ClusteringPart | null {
  const [, name, order] = CLUSTERING_PART.exec(part.text) ?? []
  if (name === undefined) return reportSyntax(part, 'Write "field" or "field desc".', reporter)
  if (findPartField(part, name, reporter) === null) return null
  return { field: name, order: order?.toLowerCase() === 'desc' ? 'DESC' : 'ASC' }
}

export interface TableKey {
  readonly partitionKey: readonly PartitionPart[]
  readonly clusteringKey: readonly ClusteringPart[]
}

/** Null where a part is wrong (reported). */
export function compileTableKey(shape: TypeShape, directive: Directive, reporter: Reporter): TableKey | null {
  const parts = (argument: 'partitionKey' | 'clusteringKey') =>
    textsOf(directive, argument).map((text, index): Part => ({ shape, directive, argument, index, text }))
  const partitionKey = parts('partitionKey').map((part) => compilePartitionPart(part, reporter))
  const clusteringKey = parts('clusteringKey').map((part) => compileClusteringPart(part, reporter))
  if (partitionKey.length === 0) {
    const message = `The table "${textOf(directive, 'name')}" has no partition key.`
    reporter.error('TABLE_KEY_SYNTAX', directive.node, message, 'Name at least one field in partitionKey.')
    return null
  }
  const key = {
    partitionKey: partitionKey.filter((part) => part !== null),
    clusteringKey: clusteringKey.filter((part) => part !== null),
  }
  const whole = key.partitionKey.length === partitionKey.length && key.clusteringKey.length === clusteringKey.length
  return whole ? key : null
}
