// The Produce message (version 7), with record batches that are encoded already; kafkajs encodes records anew at every attempt.
import Encoder from 'kafkajs/src/protocol/encoder.js'
import { requests } from 'kafkajs/src/protocol/requests/index.js'
import type Connection from 'kafkajs/src/network/connection.js'
import { limits } from '../../limits.ts'
import { asDecoded } from './kafka-messages.ts'

const PRODUCE_KEY = 0
const PRODUCE_VERSION = 7
const ACKS_OF_ALL_IN_SYNC = -1

export interface PartitionBatch {
  readonly topic: string
  readonly partition: number
  readonly bytes: Buffer
}

export interface ProduceAnswer {
  readonly topics: readonly {
    readonly topicName: string
    readonly partitions: readonly {
      readonly partition: number
      readonly errorCode: number
      readonly baseOffset: string
    }[]
  }[]
}

/** transactionalId string, acks int16, timeoutMs int32, topics: name, partitions: partition int32, records bytes. */
export function encodeProduce(batches: readonly PartitionBatch[]): Connection.Message {
  const definition = requests['Produce']
  if (definition === undefined) throw new TypeError('kafkajs has no message Produce')
  const { response } = definition.protocol({ version: PRODUCE_VERSION })({ topicData: [] })
  const topics = [...Map.groupBy(batches, ({ topic }) => topic)].map(([topic, ofTopic]) => {
    const partitions = ofTopic.map(({ partition, bytes }) => new Encoder().writeInt32(partition).writeBytes(bytes))
    return new Encoder().writeString(topic).writeArray(partitions)
  })
  const encode = async (): Promise<Encoder> =>
    new Encoder()
      .writeString(null)
      .writeInt16(ACKS_OF_ALL_IN_SYNC)
      .writeInt32(limits.kafkaAcknowledgeTimeoutMs)
      .writeArray(topics)
  return {
    request: { apiKey: PRODUCE_KEY, apiVersion: PRODUCE_VERSION, apiName: 'Produce', encode },
    response: { decode: (payload) => response.decode(payload), parse: asDecoded },
  }
}
