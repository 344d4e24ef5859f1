// The order of test files in a run: those that take longest first, so that none of them is left to run alone at the end, and those on servers before
// the others.
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * From about half a minute up, the longest first, those that compute (loads of the sample, seeded faults) among those that wait (for sessions, for
 * servers that start). One that is missing here costs some time and nothing else.
 */
const SLOW_FILES = [
  'test/e2e/servers/crash.test.ts',
  'test/kafka-log/outage.test.ts',
  'test/servers/roles.test.ts',
  'test/faults/servers/server-faults.test.ts',
  'test/kafka-log/consumer-positions.test.ts',
  'test/servers/beside.test.ts',
  'test/e2e/servers/source-domains.test.ts',
  'test/kafka-log/consumer-outage.test.ts',
  'test/servers/services-command.test.ts',
  'test/domains/domains.test.ts',
  'test/cassandra-store/outages.test.ts',
  'test/survival/servers/survival.test.ts',
  'test/e2e/servers/mesh.test.ts',
  'test/cassandra-store/conformance.test.ts',
  'test/servers/access.test.ts',
  'test/servers/dev.test.ts',
  'test/servers/ingest-outage.test.ts',
  'test/servers/services.test.ts',
  'test/cli/commands.test.ts',
  'test/cli/replay.test.ts',
  'test/kafka-log/consumer-members.test.ts',
  'test/faults/faults.test.ts',
  'test/federation/fuzz/fuzz.test.ts',
  'test/marketing/live-promotions.test.ts',
  'test/survival/embedded.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/cli/gateway-workers.test.ts',
  'test/e2e/crash.test.ts',
]

export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification): number => {
      const at = SLOW_FILES.indexOf(relative(project.config.root, moduleId))
      return at >= 0 ? at : SLOW_FILES.length + (project.name === 'servers' ? 0 : 1)
    }
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other))
  }
}
