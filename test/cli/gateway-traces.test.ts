// Traces and the request log of a gateway as a process: configured by the environment, flushed at its end, and absent where nobody asks for them.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startLibrary, type Library } from './library-subgraphs.ts'
import { createProcesses, root } from './meshgate-process.ts'

let library: Library
const processes = createProcesses(() => ({ NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'meshgate') }))
beforeAll(async () => {
  library = await startLibrary()
})
afterEach(() => processes.killAll())
afterAll(() => library.close())

/** Tells of each module that is loaded of OpenTelemetry (its API aside, which prom-client has) and of the YAML parser. */
const TELL_LOADED = `--import=data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context)
      if (/node_modules\\/(@opentelemetry\\/(?!api\\/)|yaml\\/)/.test(found.url)) process.stderr.write('LOADED ' + found.url + '\\n')
      return found
    },
  })`)}`

async function start(environment: Readonly<Record<string, string>>, more: readonly string[] = []) {
  const urls = ['--subgraph-url', `books=${library.booksUrl}`, '--subgraph-url', `loans=${library.loansUrl}`]
  const args = ['gateway', '-s', 'test/cli/apollo-composed.graphql', ...urls, ...more]
  const running = processes.start(args, { NODE_OPTIONS: TELL_LOADED, ...environment })
  const url = await running.printed(/Gateway: (http:\S+)\//)
  const headers = { 'content-type': 'application/json', connection: 'close' }
  const ask = (query: string) => fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return { running, ask }
}

test('a gateway without a collector and a file loads nothing of either', async () => {
  const { running, ask } = await start({ MESHGATE_REQUEST_LOG: 'all' })
  await ask('query A { books { title } }')
  const { code, stderr } = await running.stop()
  expect(code).toBe(0)
  expect(stderr).not.toContain('LOADED')
  expect(stderr).toContain('"log":"request","operation":"A","kind":"query"')
})

test.each(['1', '2'])('a gateway of %s workers sends its last spans before it ends', async (workers) => {
  const names: string[] = []
  const services = new Set<string>()
  const collector = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      for (const [, name = ''] of body.matchAll(/"name":"(query|plan|fetch \w+)"/g)) names.push(name)
      for (const [, name = ''] of body.matchAll(/"service\.name","value":\{"stringValue":"([^"]+)"/g))
        services.add(name)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  try {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: 'edge' }
    const { running, ask } = await start(environment, ['--workers', workers])
    for (let asked = 0; asked < 4; asked++) await ask('query A { books { title } }')
    const { code, stderr } = await running.stop()
    expect([code, names.toSorted()]).toEqual([
      0,
      [...Array<string>(4).fill('fetch books'), ...Array<string>(4).fill('plan'), ...Array<string>(4).fill('query')],
    ])
    expect(services).toEqual(new Set(['edge']))
    expect(stderr).toMatch(/LOADED \S+@opentelemetry/)
  } finally {
    collector.closeAllConnections()
    collector.close()
  }
})
