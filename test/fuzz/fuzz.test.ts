// The short form of the fuzzer: some inputs of every surface at each kind of process. The long form is a command: test/fuzz/run.ts.
import { afterAll, expect, test } from 'vitest'
import { createProcesses } from '../cli/meshgate-process.ts'
import { attack } from './attack.ts'
import { startDev, startSubgraph } from './targets/start-mesh.ts'
import { startGateway } from './targets/start-gateway.ts'
import type { Target } from './targets/target.ts'

const processes = createProcesses(() => ({ NODE_ENV: 'production' }))
afterAll(() => processes.killAll())

const TARGETS: readonly (readonly [name: string, inputs: number, start: () => Promise<Target>])[] = [
  ['a gateway over hostile subgraphs', 500, () => startGateway(processes, false)],
  ['a gateway of trusted documents', 100, () => startGateway(processes, true)],
  ['a mesh on a laptop', 300, () => startDev(processes, true)],
  ['a subgraph and its ingest', 200, () => startSubgraph(processes)],
]
/** Against hanging only: how long others may wait is the long form's to judge. */
const HANGING_MS = 60_000

test.each(TARGETS)(
  '%s lives through %i hostile inputs, and answers others as ever',
  { timeout: 300_000 },
  async (...given) => {
    const [name, count, start] = given
    const target = await start()
    const report = await attack(target, { from: 0, count, seconds: 200, stallMsMax: HANGING_MS })
    expect(report.findings, `again: node cli/run.js test/fuzz/run.ts --target ${target.name} --short --seed …`).toEqual(
      [],
    )
    expect(report.inputs, name).toBe(count)
    expect(report.right).toBeGreaterThan(0)
    expect(await target.stop()).toBe(0)
  },
)
