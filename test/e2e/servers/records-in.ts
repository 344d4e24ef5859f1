// How many records the products' topics hold, as any Kafka client sees it.
import { Kafka, logLevel } from 'kafkajs'

export async function recordsIn(
  broker: string,
  // Ingest's own topics (mesh.…) hold positions and marks, which every start may add to.
  isWanted: (topic: string) => boolean = (topic) => !topic.startsWith('_') && !topic.startsWith('mesh.'),
): Promise<number> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    const topics = (await admin.listTopics()).filter(isWanted)
    const offsets = await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)))
    return offsets.flat().reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)
  } finally {
    await admin.disconnect()
  }
}
