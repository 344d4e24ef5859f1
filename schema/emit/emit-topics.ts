// Emits the topics of a product's own entities: the source, its changes and rejected records, the re-keyed one where the source is keyed by
// something other than the entity's key, and those between the stages that make a derived entity.
import type { Product, Source } from '../model.ts'
import { schemaLimits } from '../schema-limits.ts'
import { topicNames } from '../topics.ts'
import type { TopicDefinition } from '../topics.ts'

function topicsOf(source: Source): readonly TopicDefinition[] {
  const { topic, partitions } = source
  const own: TopicDefinition = { name: topic, partitions, retentionMs: source.retentionMs, compacted: source.compacted }
  return [
    own,
    // Never compacted: subscribers that resume get every change in between.
    { name: topicNames.changes(topic), partitions, retentionMs: source.changesRetentionMs, compacted: false },
    // Kept for ever: no rejected record is lost, however late somebody mends and redrives it.
    { name: topicNames.rejected(topic), partitions, retentionMs: null, compacted: false },
    ...(source.rekeyed ? [{ ...own, name: topicNames.rekeyed(topic) }] : []),
    ...(source.envelope === 'DERIVED' ? foldTopicsOf(source) : []),
  ]
}

function foldTopicsOf({ topic, partitions }: Source): readonly TopicDefinition[] {
  const between = { partitions, retentionMs: schemaLimits.foldTopicsRetentionMs, compacted: false }
  return [
    { name: topicNames.touched(topic), ...between },
    { name: topicNames.contributions(topic), ...between },
  ]
}

/** In the order of the entities, each topic once. */
export function emitTopics(product: Product): readonly TopicDefinition[] {
  const byName = new Map<string, TopicDefinition>()
  for (const { source } of product.entities) {
    if (source === null) continue
    for (const definition of topicsOf(source)) if (!byName.has(definition.name)) byName.set(definition.name, definition)
  }
  return [...byName.values()]
}
