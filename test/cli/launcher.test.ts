// The launcher in a checkout of its own: the real scripts, with an npm that notes its calls in place of the network.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const MAIN = `
import { DatabaseSync } from 'node:sqlite'
new DatabaseSync(':memory:').close()
const args: readonly string[] = process.argv.slice(2)
if (args[0] === 'exit') process.exit(Number(args[1]))
if (args[0] === 'warn') process.emitWarning('disk is slow', 'MeshgateWarning')
if (args[0] === 'wait') {
  process.on('SIGTERM', () => process.exit(7))
  process.on('disconnect', () => {
    console.log('disconnected')
    process.exit(8)
  })
  setInterval(() => {}, 1000)
}
console.log(JSON.stringify({ pid: process.pid, args }))
`

// Takes a moment, so that two starts meet in it; fails when told to.
const NPM = `
import { appendFileSync, mkdirSync } from 'node:fs'
appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n')
setTimeout(() => {
  if (process.env.NPM_FAILS) {
    console.error('npm error code ENOTFOUND\\nnpm error network request to the registry failed.\\nnpm error more')
    process.exit(1)
  }
  mkdirSync('node_modules', { recursive: true })
}, 300)
`

let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-launcher-'))
  await mkdir(join(directory, 'cli'))
  for (const name of ['meshgate.js', 'launch.js', 'install.js', 'become.js', 'compiled.js', 'run-child.js']) {
    await copyFile(join(root, 'cli', name), join(directory, 'cli', name))
  }
  await writeFile(join(directory, 'cli', 'main.ts'), MAIN)
  await writeFile(join(directory, 'npm-cli.mjs'), NPM)
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
  await writeFile(
    join(directory, 'package-lock.json'),
    '{ "packages": { "": {}, "node_modules/x": { "version": "1.0.0" } } }',
  )
})

afterEach(() => rm(directory, { recursive: true, force: true }))

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(args: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [join(directory, 'cli', 'meshgate.js'), ...args], {
    env: { ...process.env, npm_execpath: join(directory, 'npm-cli.mjs'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function finish(child: ChildProcess): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

const run = (args: readonly string[], environment?: Record<string, string>) => finish(start(args, environment))

async function npmCalls(): Promise<readonly string[]> {
  const text = await readFile(join(directory, 'npm-calls'), 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line !== '')
}

describe('dependencies', () => {
  const CI = 'ci --include=dev --no-audit --no-fund --loglevel=error'

  test('are installed once, with one line, and not again while the lockfile is the same', async () => {
    const first = await run(['a'])
    const second = await run(['a'])
    expect([first.stderr, second.stderr, await npmCalls()]).toEqual(['Installing dependencies…\n', '', [CI]])
  })

  test('are installed again when the lockfile has changed', async () => {
    await run(['a'])
    await writeFile(join(directory, 'package-lock.json'), '{ "packages": { "": {} } }')
    await run(['a'])
    expect(await npmCalls()).toEqual([CI, CI])
  })

  test('are installed once by two starts at the same time', async () => {
    const both = await Promise.all([run(['exit', '0']), run(['exit', '0'])])
    expect([both.map(({ code }) => code), await npmCalls()]).toEqual([[0, 0], [CI]])
  })

  test('that somebody installed by npm itself are taken as they are', async () => {
    await mkdir(join(directory, 'node_modules'))
    await copyFile(join(directory, 'package-lock.json'), join(directory, 'node_modules', '.package-lock.json'))
    expect([(await run(['a'])).stderr, await npmCalls()]).toEqual(['', []])
  })

  test('of an installed package, which has no lockfile, are left alone', async () => {
    await rm(join(directory, 'package-lock.json'))
    expect([(await run(['a'])).stderr, await npmCalls()]).toEqual(['', []])
  })

  test("that are a link to another checkout's are left alone, whatever the lockfile says", async () => {
    const others = join(directory, 'others')
    await mkdir(others)
    await writeFile(join(others, 'kept'), '')
    await symlink(others, join(directory, 'node_modules'), 'junction')
    expect([(await run(['a'])).stderr, await npmCalls(), await readdir(others)]).toEqual([
      '',
      [],
      expect.arrayContaining(['kept']),
    ])
  })

  test('that cannot be installed end the start with one line and exit code 1', async () => {
    expect(await run(['a'], { NPM_FAILS: '1' })).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'Installing dependencies…\nInstalling dependencies failed: network request to the registry failed. Run npm ci to see it all.\n',
    })
  })
})

// The launcher becomes the process where it can. The second way is that of platforms where it cannot.
const withoutExecve = { NODE_OPTIONS: '--import=data:text/javascript,delete(process.execve)' }
const WAYS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['in its place', {}],
  ['below it', withoutExecve],
]

describe.each(WAYS)('the process %s', (_, environment) => {
  beforeEach(() => rm(join(directory, 'package-lock.json')))

  test('gets the arguments, and its exit code is kept', async () => {
    expect((await run(['exit', '3'], environment)).code).toBe(3)
    expect(JSON.parse((await run(['a', '--b c'], environment)).stdout)).toMatchObject({ args: ['a', '--b c'] })
  })

  test("shows our own warnings, and none of the platform's", async () => {
    expect((await run(['exit', '0'], environment)).stderr).toBe('')
    expect((await run(['warn'], environment)).stderr).toContain('MeshgateWarning: disk is slow')
  })

  test('is passed signals on', async () => {
    const child = start(['wait'], environment)
    const outcome = finish(child)
    await once(child.stdout ?? child, 'data')
    child.kill('SIGTERM')
    expect((await outcome).code).toBe(7)
  })
})

describe('what dev loads', () => {
  const FOLDERS = ['gateway', 'ingest', 'platform', 'samples', 'schema', 'subgraphs']
  const COMPILE = `
import { appendFileSync } from 'node:fs'
const note: string = process.env['NODE_COMPILE_CACHE'] === undefined ? 'without a cache' : process.execArgv.join(' ')
appendFileSync('compiled', note + '\\n')
if (process.env['COMPILING_FAILS']) process.exit(1)
`
  const compiled = async () =>
    (await readFile(join(directory, 'compiled'), 'utf8').catch(() => '')).split('\n').slice(0, -1)
  const start = (environment: Record<string, string> = {}) => run(['dev'], environment)

  beforeEach(async () => {
    await rm(join(directory, 'package-lock.json'))
    for (const folder of FOLDERS) await mkdir(join(directory, folder))
    await writeFile(
      join(directory, 'cli', 'compile.ts'),
      COMPILE.replace("'compiled'", JSON.stringify(join(directory, 'compiled'))),
    )
  })

  test('is compiled by a process before it, with its flags, and again only where a source is newer', async () => {
    await start()
    await start()
    const flags = expect.stringContaining('--max-semi-space-size=8 --heap-growing-percent=40')
    expect(await compiled()).toEqual([flags])
    const later = new Date(Date.now() + 60_000)
    await utimes(join(directory, 'cli', 'main.ts'), later, later)
    await start()
    expect(await compiled()).toEqual([flags, flags])
  })

  test('is started all the same where it cannot be compiled', async () => {
    expect(await start({ COMPILING_FAILS: '1' })).toMatchObject({ code: 0, stderr: '' })
    await rm(join(directory, 'cli', 'compile.ts'))
    expect(await start()).toMatchObject({ code: 0, stderr: '' })
  })

  test('is compiled for no other command', async () => {
    await run(['check'])
    expect(await compiled()).toEqual([])
  })
})

describe('the launcher', () => {
  beforeEach(() => rm(join(directory, 'package-lock.json')))

  test('leaves no second process where it can become the first', async () => {
    const child = start(['a'])
    const { stdout } = await finish(child)
    expect(JSON.parse(stdout)).toEqual({ pid: child.pid, args: ['a'] })
  })

  test('that is killed ends the process below it', async () => {
    const child = start(['wait'], withoutExecve)
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await once(child.stdout ?? child, 'data')
    child.kill('SIGKILL')
    // The output closes only once the process below the launcher, which holds it too, has ended.
    await once(child, 'close')
    expect(text).toContain('disconnected')
  })
})
