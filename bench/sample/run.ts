// `node cli/run.js bench/sample/run.ts`: the whole sample on a laptop. How long an empty directory takes to be ready and at how much memory; Customer 360 at
// 200 requests a second, each of another customer; how long later starts take. `--rounds N`, default 3. `--directory D`: where data lies.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Pool } from 'undici'
import { CUSTOMER_360_QUERY } from '../../cli/customer-360.ts'
import { invariant } from '../../platform/errors.ts'
import { orderRecords } from '../../samples/foodmart/order-records.ts'
import { readUsage } from '../gateway/wire/process-usage.ts'
import { latencyAt } from '../ingest/read-latency.ts'
import { describe } from '../measure.ts'
import { startMeshgate, type MeshgateProcess } from '../processes/meshgate-process.ts'

const REQUESTS_PER_SECOND = 200
const ROUND_SECONDS = 20
const WARM_UP_SECONDS = 10
const CONNECTIONS = 64

const print = (line: string) => void process.stdout.write(`${line}\n`)
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, directory: { type: 'string', default: tmpdir() } },
})
const rounds = Number(values.rounds)
const directory = await mkdtemp(join(values.directory, 'meshgate-sample-'))
try {
  const mesh = await start('first start')
  try {
    const ask = await customerQuestion(mesh.url)
    await latencyAt(REQUESTS_PER_SECOND, WARM_UP_SECONDS * REQUESTS_PER_SECOND, ask)
    for (let round = 1; round <= rounds; round += 1) {
      const before = readUsage(mesh.pid)
      const latency = await latencyAt(REQUESTS_PER_SECOND, ROUND_SECONDS * REQUESTS_PER_SECOND, ask)
      const after = readUsage(mesh.pid)
      const cpu = (after.cpuSeconds - before.cpuSeconds) / ROUND_SECONDS
      print(`round ${round} of ${rounds}  customer 360: ${describe({ ...latency, coresOfTheMesh: cpu })}`)
    }
  } finally {
    await mesh.stop()
  }
  for (let round = 1; round <= rounds; round += 1) await (await start(`later start ${round}`)).stop()
} finally {
  await rm(directory, { recursive: true, force: true })
}

async function start(name: string): Promise<MeshgateProcess> {
  const startedMs = performance.now()
  const mesh = await startMeshgate({ args: ['dev'], environment: { MESHGATE_DATA_DIR: directory } })
  await mesh.ready()
  const seconds = (performance.now() - startedMs) / 1_000
  const { cpuSeconds, rssBytes, rssPeakBytes } = readUsage(mesh.pid)
  print(`${name}: ${describe({ seconds, cpuSeconds, rssMB: rssBytes / 1e6, rssPeakMB: rssPeakBytes / 1e6 })}`)
  return mesh
}

/** Asks for each customer who has bought, in turn. */
async function customerQuestion(url: string): Promise<(at: number) => Promise<void>> {
  const customers = new Set<string>()
  for await (const { value } of orderRecords()) {
    customers.add((value as { readonly customerId: string }).customerId)
  }
  const ids = [...customers]
  const pool = new Pool(url, { connections: CONNECTIONS })
  return async (at) => {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: CUSTOMER_360_QUERY, variables: { id: ids[at % ids.length] } }),
    })
    const text = await body.text()
    invariant(statusCode === 200 && !text.includes('"errors"'), `HTTP ${statusCode}: ${text.slice(0, 300)}`)
  }
}
