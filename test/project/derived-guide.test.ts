// The guide to derived products says what is so: its product and its code run as they are shown, and give the answers that it gives.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEmbeddedMesh } from '../../bench/processes/embedded-mesh.ts'
import type { RunningMesh } from '../../bench/processes/running-mesh.ts'
import { query } from '../e2e/graphql-client.ts'
import { temporaryDirectory } from '../e2e/temporary-directory.ts'

const START_TIMEOUT_MS = 240_000
const ANSWER_TIMEOUT_MS = 60_000

let mesh: RunningMesh
let remove: () => Promise<void>

async function blocks(path: string, language: string): Promise<readonly string[]> {
  const text = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, block = '']) => block)
}

const first = (some: readonly string[]): string => some[0] ?? ''

beforeAll(async () => {
  const directory = await temporaryDirectory()
  remove = directory.remove
  const folder = (name: string): string => join(directory.path, 'subgraphs', 'shipping', name)
  for (const name of ['parcels', 'hubs']) await mkdir(folder(name), { recursive: true })
  await writeFile(join(folder('parcels'), 'product.graphql'), first(await blocks('README.md', 'graphql')))
  await writeFile(join(folder('hubs'), 'product.graphql'), first(await blocks('docs/derived-products.md', 'graphql')))
  await writeFile(join(folder('hubs'), 'folds.ts'), first(await blocks('docs/derived-products.md', 'ts')))
  const products = [folder('parcels'), folder('hubs'), 'customers/customers', 'customers/regions']
  mesh = await startEmbeddedMesh({ dataDirectory: join(directory.path, 'data'), products })
  await mesh.ready()
}, START_TIMEOUT_MS)

afterAll(async () => {
  await mesh?.stop()
  await remove?.()
})

/** The body of a curl, sent where it says. */
async function send(command: string): Promise<void> {
  const [, topic = '', contentType = '', body = ''] =
    /^curl localhost:4000\/topics\/(\S+) -H 'content-type: ([^']+)' -d '([^']*)'$/.exec(command.trim()) ?? []
  const response = await fetch(mesh.topicUrl(topic), { method: 'POST', headers: { 'content-type': contentType }, body })
  expect(response.status, await response.text()).toBe(200)
}

test('what it sends gives the answers that it shows', { timeout: START_TIMEOUT_MS }, async () => {
  const commands = (await blocks('docs/derived-products.md', 'sh')).filter((command) => command.startsWith('curl'))
  const answers = (await blocks('docs/derived-products.md', 'json')).map((text): unknown => JSON.parse(text))
  const [, question = ''] = await blocks('docs/derived-products.md', 'graphql')
  expect([commands.length, answers.length]).toEqual([2, 2])
  for (const [index, command] of commands.entries()) {
    await send(command)
    await expect.poll(() => query(mesh.url, question), { timeout: ANSWER_TIMEOUT_MS }).toEqual(answers[index])
  }
})

test('the files that it refers to are there', async () => {
  const text = await readFile(new URL('../../docs/derived-products.md', import.meta.url), 'utf8')
  const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link)
  expect(links.length).toBeGreaterThan(5)
  for (const link of links) {
    const target = new URL(`../../docs/${link}`, import.meta.url)
    const isFolder = !/\.\w+$/.test(link)
    await readFile(isFolder ? new URL(`${target.href}/product.graphql`) : target)
  }
})
