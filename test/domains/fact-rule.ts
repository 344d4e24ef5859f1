// A fact that the mesh must tell, checked through its gateway against what the source files say by a computation of its own.

export interface AskedMesh {
  /** Of the gateway, without a slash at the end. */
  readonly url: string
  /** Where the records of a topic are taken: `POST <address>`. A fact that sends records takes them back. */
  topicUrl(topic: string): string
  /** The data of an answer without errors; an answer with errors throws. */
  query<T>(document: string, variables?: Readonly<Record<string, unknown>>): Promise<T>
}

export interface FactRule {
  /** The rule, e.g. "the units ordered of every warehouse are those of the file". */
  readonly title: string
  check(mesh: AskedMesh): Promise<void>
}
