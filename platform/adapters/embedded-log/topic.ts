// An open topic: its definition, its partitions, its tail; and how it comes to be or changes.
import { join } from 'node:path'
import type { TopicDefinition } from '../../../schema/topics.ts'
import { MeshgateError } from '../../errors.ts'
import type { RoutedTopic } from '../../record-router.ts'
import { PartitionLog } from './partition-log.ts'
import type { PartitionContext } from './partition-log.ts'
import { createTopicDirectory, partitionDirectory, requireTopicName, updateTopicDirectory } from './topic-directory.ts'
import { TopicTail } from './topic-tail.ts'

export interface Topic {
  definition: TopicDefinition
  readonly partitions: readonly PartitionLog[]
  readonly tail: TopicTail
  readonly routed: RoutedTopic
}

export interface TopicContext extends PartitionContext {
  readonly topicsDirectory: string
}

export async function openTopic(context: TopicContext, definition: TopicDefinition): Promise<Topic> {
  const topicDirectory = join(context.topicsDirectory, definition.name)
  const partitions = await Promise.all(
    Array.from({ length: definition.partitions }, (_, partition) => {
      const directory = partitionDirectory(topicDirectory, partition)
      return PartitionLog.open({ topic: definition.name, partition, directory }, context)
    }),
  )
  const routed = { name: definition.name, partitionCount: partitions.length, nextUnkeyed: 0 }
  return { definition, partitions, tail: new TopicTail(partitions), routed }
}

export async function createTopic(context: TopicContext, definition: TopicDefinition): Promise<Topic> {
  requireTopicName(definition.name)
  if (!Number.isSafeInteger(definition.partitions) || definition.partitions < 1) {
    const count = String(definition.partitions)
    throw new MeshgateError('CONFIG_INVALID', `Topic ${definition.name}: ${count} partitions. Give it one or more.`)
  }
  await createTopicDirectory(context.files, context.topicsDirectory, definition)
  return await openTopic(context, definition)
}

/** Applies retention and compaction; another number of partitions is refused. */
export async function redefineTopic(context: TopicContext, topic: Topic, definition: TopicDefinition): Promise<void> {
  const { name, partitions, retentionMs, compacted } = topic.definition
  if (partitions !== definition.partitions) {
    throw new MeshgateError(
      'LOG_TOPIC_MISMATCH',
      `Topic ${name} has ${String(partitions)} partitions, ${String(definition.partitions)} were asked for. ` +
        'Keep the number, or publish under a new topic and replay.',
    )
  }
  if (retentionMs === definition.retentionMs && compacted === definition.compacted) return
  await updateTopicDirectory(context.files, context.topicsDirectory, definition)
  topic.definition = definition
}
