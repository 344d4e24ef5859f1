// What others import of the package, from where npm puts it: Node strips no types there, and their compilers read declarations.
import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../cli/meshgate-process.ts'
import { installPackage, type InstalledPackage } from '../installed-package.ts'

const run = promisify(execFile)
let installed: InstalledPackage

beforeAll(async () => {
  installed = await installPackage()
})
afterAll(() => installed.remove())

/** Of the project that has it installed. */
const file = (name: string): string => join(installed.directory, name)

async function exportsOf(specifier: string): Promise<unknown> {
  const script = `console.log(JSON.stringify(Object.keys(await import('${specifier}')).toSorted()))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: installed.directory })
  return JSON.parse(stdout)
}

test('Node imports what package.json exports', async () => {
  expect([
    await exportsOf('meshgate/client'),
    await exportsOf('meshgate/client/apollo'),
    await exportsOf('meshgate/gateway'),
  ]).toEqual([
    ['HttpFailure', 'SubscriptionFailure', 'resumeOverEventStream', 'resumeOverSocket'],
    ['MeshgateLink'],
    ['MeshgateGateway', 'disconnectSignal'],
  ])
})

test('an installed gateway plans in its thread and answers', async () => {
  const supergraph = await run(
    process.execPath,
    [join(root, 'cli/main.ts'), 'compose', '--out', '-', 'a=http://127.0.0.1:9/=a.graphql'],
    {
      cwd: await withSdl(),
    },
  )
  await writeFile(file('supergraph.graphql'), supergraph.stdout)
  const script = `
    import { ApolloServer } from '@apollo/server'
    import { MeshgateGateway } from 'meshgate/gateway'
    const meshgate = new MeshgateGateway({ supergraphFile: 'supergraph.graphql' })
    const server = new ApolloServer(meshgate.apolloOptions({ plugins: [] }))
    await server.start()
    const { body } = await server.executeOperation({ query: '{ __typename a }' })
    console.log(JSON.stringify(body.singleResult))
    await server.stop()`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: installed.directory })
  expect(JSON.parse(stdout)).toMatchObject({
    data: { __typename: 'Query', a: null },
    errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }],
  })
})

async function withSdl(): Promise<string> {
  await writeFile(file('a.graphql'), 'type Query { a: Int }')
  return installed.directory
}

const CONSUMER = `
import { createClient } from 'graphql-ws'
import { resumeOverEventStream, resumeOverSocket, type CursorStorage } from 'meshgate/client'
import { MeshgateLink } from 'meshgate/client/apollo'

const storage: CursorStorage = {
  load: (id) => localStorage.getItem(id),
  save: (id, cursor) => localStorage.setItem(id, cursor),
}
const socket = resumeOverSocket(createClient({ url: 'ws://localhost/graphql', retryAttempts: 0 }), { storage })
export const link = new MeshgateLink(resumeOverEventStream({ url: 'http://localhost/graphql' }))
export async function keys(): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { data, extensions } of socket.iterate<{ a: string }>({ query: 'subscription { a }' })) {
    found.push(data?.a ?? '', extensions?.key ?? '')
  }
  return found
}
// @ts-expect-error A wrong option is found.
resumeOverEventStream({ link })
`

test('a frontend that is strict compiles against the declarations', async () => {
  await writeFile(file('consumer.ts'), CONSUMER)
  const options = ['--strict', '--target', 'es2022', '--lib', 'es2022,dom,dom.asynciterable', '--module', 'esnext']
  const args = [...options, '--moduleResolution', 'bundler', '--types', '', '--noEmit', file('consumer.ts')]
  const { stdout } = await run(join(root, 'node_modules/.bin/tsc'), args, { cwd: installed.directory }).catch(
    (error: unknown) => error as { stdout: string },
  )
  expect(stdout).toBe('')
})

test('the client brings no package into a bundle, the Apollo Link those of its user', async () => {
  const folder = join(installed.path, 'dist/client')
  const imported = new Map<string, string[]>()
  for (const name of (await readdir(folder)).filter((each) => each.endsWith('.js'))) {
    const text = await readFile(join(folder, name), 'utf8')
    const packages = [...text.matchAll(/from '([^.'][^']*)'/g)].map(([, specifier = '']) => specifier)
    if (packages.length > 0) imported.set(name, packages)
  }
  expect(Object.fromEntries(imported)).toEqual({ 'apollo.js': ['@apollo/client', 'graphql'] })
})

test('the command says where it runs', async () => {
  const launched = run(process.execPath, [join(installed.path, 'cli/meshgate.js'), 'dev'])
  await expect(launched).rejects.toMatchObject({
    code: 1,
    stderr:
      'This package has the libraries of Meshgate, meshgate/client and meshgate/gateway. The command runs in a checkout, or as the image.\n',
  })
})

test('what is packed is what is built, the launcher and its licence', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root })
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }]
  const folders = new Set(files.map(({ path }) => path.replace(/\/.*/, '')).filter((folder) => folder !== 'dist'))
  expect([...folders].toSorted()).toEqual(['LICENSE', 'NOTICE', 'README.md', 'cli', 'docs', 'package.json'])
})
