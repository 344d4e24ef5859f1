// node cli/run.js test/federation/fuzz/run.ts --from 0 --count 100000 [--operations 33] [--seconds N] [--stop]
import { parseArgs } from 'node:util'
import { throughEngine } from './answerers.ts'
import { compareOne, openMesh, type Difference } from './fuzz-case.ts'
import { makeOperation } from './operation-maker.ts'
import { randomMesh } from './random-mesh.ts'

const { values } = parseArgs({ options: { from: { type: 'string' }, count: { type: 'string' }, seconds: { type: 'string' }, verbose: { type: 'boolean' } } })
const from = Number(values.from ?? 0)
const count = Number(values.count ?? 1000)
const kinds = new Map<string, { times: number; seed: string; difference?: Difference }>()
const note = (kind: string, seed: string): void => {
  const known = kinds.get(kind) ?? { times: 0, seed }
  known.times++
  kinds.set(kind, known)
}
let rejected = 0
let done = 0
const started = Date.now()
for (let seed = from; done < count; seed++) {
  const failing = seed % 4 === 3
  let mesh
  try { mesh = openMesh({ subgraphs: randomMesh(seed, failing), seed, failing }) } catch (error) { note(`GENERATOR ${String((error as Error).stack).slice(0, 200)}`, `${seed}`); rejected++; if (rejected > 100000) break; continue }
  if (typeof mesh === 'string') {
    rejected++
    note(`REJECTED ${mesh.split('\n')[0]?.replaceAll(/"[^"]*"/g, '…').slice(0, 150)}`, `${seed}`)
    if (values.verbose) console.log(seed, mesh)
    if (rejected > 5 * (count + 10)) break
    continue
  }
  const ask = throughEngine(mesh)
  for (let each = 0; each < 33 && done < count; each++, done++) {
    const operation = makeOperation(mesh.merged, seed * 100 + each)
    const difference = await compareOne(mesh, ask, operation)
    if (difference !== null) note(difference.kind, `${seed}/${each}`)
  }
}
for (const [kind, { times, seed }] of [...kinds].toSorted((one, other) => other[1].times - one[1].times)) console.log(times, kind, seed)
console.log({ done, rejected, seconds: (Date.now() - started) / 1000 })
