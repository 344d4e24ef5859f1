// A whole mesh in processes, however many: what the end-to-end tests and the bench know of it.

export interface RunningMesh {
  /** The gateway. */
  readonly url: string
  /** Where the records of a topic are taken: `POST <address>`. */
  topicUrl(topic: string): string
  /** What its processes printed so far. */
  output(): string
  /** Resolves once it answers and the sample is loaded. */
  ready(): Promise<void>
  /** SIGKILL of every process. */
  kill(): Promise<void>
  /** SIGTERM to every process; resolves with the highest exit code, null where a signal ended one. */
  stop(): Promise<number | null>
}
