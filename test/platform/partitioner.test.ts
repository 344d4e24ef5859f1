// Keys go to the partition that Kafka's clients choose.
import { Partitioners } from 'kafkajs'
import { expect, it } from 'vitest'
import { murmur2, partitionOfKey } from '../../platform/partitioner.ts'

it("agrees with kafkajs's default partitioner on keys of every length and byte", () => {
  const choose = Partitioners.DefaultPartitioner()
  const keys = Array.from({ length: 400 }, (_, at) =>
    Buffer.from(Array.from({ length: at % 41 }, (_byte, index) => (at * 131 + index * index * 17 + index) % 256)),
  )
  for (const partitions of [1, 3, 4, 12, 64]) {
    const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 0,
      replicas: [],
      isr: [],
    }))
    const expected = keys.map((key) => choose({ topic: 't', partitionMetadata, message: { key, value: null } }))
    expect(keys.map((key) => partitionOfKey(key, partitions))).toEqual(expected)
  }
})

it("hashes as Kafka's own test vectors say", () => {
  // clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java, testMurmur2
  const vectors: [string, number][] = [
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['a-little-bit-longer-string', -1_486_304_829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
    ['abc', 479_470_107],
  ]
  expect(vectors.map(([text]) => murmur2(Buffer.from(text)))).toEqual(vectors.map(([, hash]) => hash))
})
