// The image: what it is made of, and that it runs as its user with nothing to install and nothing to write. Docker is not needed.
import { access, mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startContainer } from './container.ts'
import { assembleImage, copiedPaths, readStages, root, textsOf, type Image } from './docker-image.ts'

const stages = await readStages()
const last = stages.at(-1)
if (last === undefined) throw new Error('the Dockerfile has no stage')

test('runs as a user that is not root, by number', () => {
  expect(textsOf(last, 'USER').at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/)
})

test('stands on the Node that the project is developed with', async () => {
  const lockfile = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>
  }
  const version = lockfile.packages['node_modules/node']?.version
  expect(stages.map(({ base }) => base.replace(/ AS .*/, ''))).toEqual(
    stages.map(() => `node:${version}-bookworm-slim`),
  )
})

test('the builder is sent what is copied, and nothing else', async () => {
  const lines = (await readFile(join(root, '.dockerignore'), 'utf8')).split('\n')
  const rules = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const copied = [...new Set(stages.flatMap(copiedPaths))]
  expect(rules[0]).toBe('*')
  expect(rules.slice(1).toSorted()).toEqual(copied.map((path) => `!${path}`).toSorted())
  for (const path of copied) await access(join(root, path))
})

test('the launcher takes the image for an installed package: it has no lockfile', () => {
  expect(copiedPaths(last)).not.toContain('package-lock.json')
})

describe('put together', () => {
  let directory: string
  let image: Image

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'meshgate-image-'))
    image = await assembleImage(directory)
  })

  afterAll(() => rm(directory, { recursive: true, force: true }))

  test('has production dependencies only', async () => {
    const names = await readdir(join(directory, image.workingDirectory, 'node_modules'))
    expect(names).toEqual(expect.arrayContaining(['graphql', 'kafkajs', 'cassandra-driver']))
    expect(
      names.filter((name) => ['node', 'vitest', 'typescript', 'oxlint', 'prettier', 'knip'].includes(name)),
    ).toEqual([])
  })

  test('without a command it prints its help', async () => {
    expect(await run(image, JSON.parse(textsOf(last, 'CMD').at(-1) ?? '[]') as string[])).toMatchObject({
      code: 0,
      output: expect.stringContaining('Usage: meshgate'),
    })
  })

  test('checks its products, and changes no file of its own', async () => {
    const before = await filesOf(directory)
    expect(await run(image, ['check'])).toEqual({ code: 0, output: 'ok\n' })
    expect(await filesOf(directory)).toEqual(before)
  })
})

async function run(image: Image, command: readonly string[]): Promise<{ code: number | null; output: string }> {
  const container = startContainer({ image, command })
  const code = await container.ended
  return { code, output: container.output() }
}

async function filesOf(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory, { recursive: true })
  const files = await Promise.all(
    names.map(async (name) => {
      const entry = await stat(join(directory, name))
      return `${name} ${entry.size} ${entry.mtimeMs}`
    }),
  )
  return files.toSorted()
}
