// `meshgate dev` killed and stopped under clients that follow it. The long form: `node cli/run.js test/survival/run.ts --embedded`.
import { expect, test } from 'vitest'
import { openEmbeddedMesh } from './embedded-mesh.ts'
import { runSurvival } from './run-survival.ts'

/** Guards against hanging only. */
const WAIT_MS = 600_000

test(
  'clients of `meshgate dev` are told every change once, though it is killed and stopped',
  async () => {
    const mesh = await openEmbeddedMesh()
    try {
      const faults = ['mesh killed', 'mesh stopped']
      const { problems, told, interruptions } = await runSurvival({ mesh, seed: 5, faults })
      expect(problems).toEqual([])
      expect(told).toBeGreaterThan(1_000)
      expect(interruptions).toBeGreaterThan(20)
    } finally {
      await mesh.close()
    }
  },
  WAIT_MS,
)
