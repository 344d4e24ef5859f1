// One load of the sample: the records of a topic, from files shipped with the project or generated with a fixed seed.

/** One record of a sample topic, as ingest's load takes it. */
export interface SampleRecord {
  readonly key: string
  readonly value: object | string
}

export interface SampleLoad {
  /** `domain/name` of the product. */
  readonly product: string
  readonly topic: string
  /** Name of the load: what its progress is kept under. */
  readonly name: string
  /** The files that it reads, a generator's own source among them: their content is the load's identity. */
  readonly files: readonly URL[]
  records(): AsyncIterable<SampleRecord>
  /** How many records there are. */
  readonly expected: number
}
