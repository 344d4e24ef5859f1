// The messages of Kafka's protocol that we send, typed: parameters in, decoded answer out. kafkajs encodes and decodes them
// (exceptions: record batches, metadata without topics, and incremental configs, which it lacks). Answers are as decoded, errors in
// place: an answer about many partitions tells what came of each.
import type Connection from 'kafkajs/src/network/connection.js'
import apiKeys from 'kafkajs/src/protocol/requests/apiKeys.js'
import { requests } from 'kafkajs/src/protocol/requests/index.js'
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'

interface Failing {
  readonly errorCode: number
}

/** Offsets are decimal strings, as kafkajs has them. */
export interface KafkaMessages {
  ApiVersions: {
    parameters: object
    answer: { readonly apiVersions: readonly { readonly apiKey: number; minVersion: number; maxVersion: number }[] }
  }
  ListOffsets: {
    parameters: {
      readonly isolationLevel: number
      readonly topics: readonly {
        readonly topic: string
        readonly partitions: readonly { readonly partition: number; readonly timestamp: string }[]
      }[]
    }
    answer: {
      readonly responses: readonly {
        readonly topic: string
        readonly partitions: readonly (Failing & { readonly partition: number; readonly offset: string })[]
      }[]
    }
  }
  GroupCoordinator: {
    parameters: { readonly groupId: string; readonly coordinatorType: 0 }
    answer: Failing & { readonly coordinator: { readonly nodeId: number } }
  }
  JoinGroup: {
    parameters: {
      readonly groupId: string
      readonly sessionTimeout: number
      readonly rebalanceTimeout: number
      readonly memberId: string
      readonly groupInstanceId?: string
      readonly protocolType: string
      readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[]
    }
    /** `memberId` is also there with MEMBER_ID_REQUIRED. */
    answer: Failing & {
      readonly generationId: number
      readonly groupProtocol: string
      readonly leaderId: string
      readonly memberId: string
      readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]
    }
  }
  SyncGroup: {
    parameters: {
      readonly groupId: string
      readonly generationId: number
      readonly memberId: string
      readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[]
    }
    answer: Failing & { readonly memberAssignment: Buffer }
  }
  Heartbeat: {
    parameters: { readonly groupId: string; readonly groupGenerationId: number; readonly memberId: string }
    answer: Failing
  }
  LeaveGroup: {
    parameters: { readonly groupId: string; readonly memberId: string }
    answer: Failing & { readonly members: readonly Failing[] }
  }
  OffsetCommit: {
    parameters: {
      readonly groupId: string
      readonly groupGenerationId: number
      readonly memberId: string
      /** Milliseconds. */
      readonly retentionTime: number
      readonly topics: readonly {
        readonly topic: string
        readonly partitions: readonly { readonly partition: number; readonly offset: string; metadata?: string }[]
      }[]
    }
    answer: {
      readonly responses: readonly {
        readonly topic: string
        readonly partitions: readonly (Failing & { readonly partition: number })[]
      }[]
    }
  }
  OffsetFetch: {
    parameters: {
      readonly groupId: string
      readonly topics: readonly {
        readonly topic: string
        readonly partitions: readonly { readonly partition: number }[]
      }[]
    }
    /** An offset of -1: none committed. */
    answer: Failing & {
      readonly responses: readonly {
        readonly topic: string
        readonly partitions: readonly (Failing & { readonly partition: number; readonly offset: string })[]
      }[]
    }
  }
  CreateTopics: {
    parameters: {
      readonly topics: readonly {
        readonly topic: string
        readonly numPartitions: number
        readonly replicationFactor: number
        readonly configEntries: readonly ConfigEntry[]
      }[]
      readonly timeout: number
    }
    answer: {
      readonly topicErrors: readonly (Failing & { readonly topic: string; readonly errorMessage: string | null })[]
    }
  }
  DescribeConfigs: {
    parameters: {
      readonly resources: readonly {
        readonly type: number
        readonly name: string
        readonly configNames: readonly string[]
      }[]
    }
    answer: {
      readonly resources: readonly (Failing & {
        readonly resourceName: string
        readonly errorMessage: string | null
        readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[]
      })[]
    }
  }
  InitProducerId: {
    parameters: { readonly transactionalId: null; readonly transactionTimeout: number }
    answer: Failing & { readonly producerId: string; readonly producerEpoch: number }
  }
}

export interface ConfigEntry {
  readonly name: string
  readonly value: string
}

export type KafkaMessageName = keyof KafkaMessages

/** Later versions do not say how long an offset is kept. */
export const OFFSET_COMMIT_VERSION = 4
/** Where an older version can what newer ones cannot. */
const NEWEST_USED: Partial<Record<KafkaMessageName, number>> = { OffsetCommit: OFFSET_COMMIT_VERSION }

/** A message of the newest version that kafkajs and the broker both know. Before a broker's versions are known, the newest. */
export function encodeMessage<Name extends KafkaMessageName>(
  name: Name,
  parameters: KafkaMessages[Name]['parameters'],
  versions: Connection.Versions | null,
): Connection.Message {
  const definition = requests[name]
  const apiKey = apiKeys[name]
  if (definition === undefined || apiKey === undefined) throw new TypeError(`kafkajs has no message ${name}`)
  const newest = Math.max(...definition.versions.map(Number))
  const known = versions?.[apiKey]
  const wanted = Math.max(NEWEST_USED[name] ?? newest, known?.minVersion ?? 0)
  const version = Math.min(newest, wanted, known?.maxVersion ?? newest)
  const message = definition.protocol({ version })(parameters)
  return { ...message, response: { decode: (payload) => message.response.decode(payload), parse: asDecoded } }
}

/** kafkajs throws here the first error of an answer, and with it what came of the other partitions. */
export async function asDecoded(decoded: unknown): Promise<unknown> {
  return decoded
}

/** Throws what a code says went wrong. */
export function throwIfFailed({ errorCode }: Failing): void {
  if (errorCode !== 0) throw createErrorFromCode(errorCode)
}
