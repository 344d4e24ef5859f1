// Makes sure that a checkout's dependencies are those of its lockfile, and finds the Node they bring. Plain JavaScript without
// dependencies: it runs on whatever Node a newcomer has (18 or later). An installed package has no lockfile and is left alone;
// so are dependencies that are a link to another checkout's.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const NODE_MAJOR_MIN = 24
const LOCK_POLL_MS = 200
const LOCK_WITHOUT_HOLDER_MS = 5_000
/** That node:sqlite is new says nothing about Meshgate. All other warnings stay visible. */
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning']

/** A failure whose message is all that the user needs. */
export class LauncherError extends Error {}

/** Installs when the lockfile differs from what is installed; two processes at once install once. */
export async function ensureInstalled(directory = root) {
  const lockfile = join(directory, 'package-lock.json')
  if (!existsSync(lockfile) || isLinked(directory) || isInstalled(directory)) return
  const release = await takeInstallLock(join(directory, '.meshgate-install.lock'))
  try {
    if (isInstalled(directory)) return
    process.stderr.write('Installing dependencies…\n')
    await runNpm(directory)
    writeMarker(directory)
  } finally {
    release()
  }
}

/** The executable and the flags that run Meshgate's sources. */
export function nodeCommand(directory = root) {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const pinned = join(directory, 'node_modules', 'node', 'bin', name)
  if (existsSync(pinned)) return { executable: pinned, flags: NODE_FLAGS }
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
    return { executable: process.execPath, flags: NODE_FLAGS }
  }
  throw new LauncherError(
    `Meshgate needs Node ${NODE_MAJOR_MIN}; this is ${process.version} and the package "node" is not installed. Run npm ci, or use Node ${NODE_MAJOR_MIN}.`,
  )
}

/** They are another checkout's: npm would empty its folder through the link. */
function isLinked(directory) {
  return lstatSync(join(directory, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() === true
}

function markerOf(directory) {
  return join(directory, 'node_modules', '.meshgate-installed')
}

function lockfileHash(directory) {
  return createHash('sha256')
    .update(readFileSync(join(directory, 'package-lock.json')))
    .digest('hex')
}

function writeMarker(directory) {
  writeFileSync(markerOf(directory), lockfileHash(directory))
}

function isInstalled(directory) {
  const marker = markerOf(directory)
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lockfileHash(directory)) return true
  if (!matchesHiddenLockfile(directory)) return false
  try {
    writeMarker(directory)
  } catch {
    // A checkout that cannot be written is compared anew each time.
  }
  return true
}

/** Whether somebody's own `npm ci` has installed exactly the lockfile: npm notes what it installed in a lockfile of its own. */
function matchesHiddenLockfile(directory) {
  const hidden = join(directory, 'node_modules', '.package-lock.json')
  if (!existsSync(hidden)) return false
  const wanted = JSON.parse(readFileSync(join(directory, 'package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages
  return Object.entries(wanted).every(
    ([path, { version, integrity, optional }]) =>
      path === '' ||
      (installed[path] === undefined
        ? optional === true
        : installed[path].version === version && installed[path].integrity === integrity),
  )
}

/** A directory holding the installer's process id: made atomically, taken over when its process is gone. */
async function takeInstallLock(path) {
  for (;;) {
    try {
      mkdirSync(path)
      writeFileSync(join(path, 'pid'), String(process.pid))
      const release = () => rmSync(path, { recursive: true, force: true })
      process.once('exit', release)
      return release
    } catch (error) {
      if (error.code !== 'EEXIST') throw new LauncherError(`Cannot write to the checkout: ${error.message}`)
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS))
    if (isAbandoned(path)) rmSync(path, { recursive: true, force: true })
  }
}

/** Its process is gone; or it died between making the directory and writing its id. */
function isAbandoned(path) {
  try {
    process.kill(Number(readFileSync(join(path, 'pid'), 'utf8')), 0)
    return false
  } catch (error) {
    if (error.code !== 'ENOENT') return error.code === 'ESRCH'
    return existsSync(path) && Date.now() - statSync(path).mtimeMs > LOCK_WITHOUT_HOLDER_MS
  }
}

function runNpm(directory) {
  // Under `npm start` the same npm goes on; the pinned Node and the checks are development dependencies, whatever NODE_ENV says.
  const script = process.env.npm_execpath
  const command = script !== undefined && /npm-cli\.[cm]?js$/.test(script) ? [process.execPath, script] : ['npm']
  const args = [...command.slice(1), 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], args, {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32' && command.length === 1,
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.once('error', (error) => reject(new LauncherError(`Cannot run npm: ${error.message}. Install npm.`)))
    child.once('close', (code) => {
      if (code === 0) return resolve()
      reject(new LauncherError(`Installing dependencies failed: ${reasonOf(output, code)}. Run npm ci to see it all.`))
    })
  })
}

function reasonOf(output, code) {
  const lines = output.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim())
  const reason = lines.find((line) => line !== '' && !line.startsWith('code ')) ?? `npm ended with ${code}`
  return reason.replace(/\.$/, '')
}
