// One mesh with the whole sample, asked for every fact of every domain: a test per fact. Every way to run a mesh passes this suite.
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { RunningMesh } from '../../bench/processes/running-mesh.ts'
import { query } from '../e2e/graphql-client.ts'
import { domainFacts, type DomainFacts } from './domain-facts.ts'
import type { AskedMesh } from './fact-rule.ts'

/** Against hanging: loading takes a fraction of it where the machine is not shared. */
const START_TIMEOUT_MS = 1_800_000
const FACT_TIMEOUT_MS = 120_000

/** Where a mesh keeps its data. */
export interface DomainPlace {
  start(): Promise<RunningMesh>
  remove(): Promise<void>
}

export interface DescribeOptions {
  /** vitest's `describe`, or one that skips. */
  readonly describeIt?: typeof describe.skip
  /** Absent: all. */
  readonly facts?: readonly DomainFacts[]
}

export function describeDomains(
  name: string,
  open: () => Promise<DomainPlace>,
  { describeIt = describe, facts: wanted = domainFacts }: DescribeOptions = {},
): void {
  describeIt(name, () => {
    let place: DomainPlace | undefined
    let mesh: RunningMesh | undefined
    let asked: AskedMesh

    beforeAll(async () => {
      place = await open()
      const started = await place.start()
      mesh = started
      await started.ready()
      asked = {
        url: started.url,
        topicUrl: (topic) => started.topicUrl(topic),
        query: (document, variables = {}) => query(started.url, document, variables),
      }
    }, START_TIMEOUT_MS)

    afterAll(async () => {
      await mesh?.stop()
      await place?.remove()
    }, START_TIMEOUT_MS)

    for (const { domain, facts } of wanted) {
      describe(domain, () => {
        for (const fact of facts) test(fact.title, { timeout: FACT_TIMEOUT_MS }, () => fact.check(asked))
      })
    }
  })
}
