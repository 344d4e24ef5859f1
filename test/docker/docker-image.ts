// The Dockerfile's last stage, read, and put together in a directory as Docker would: what COPY names, production dependencies, its user.
import { chmod, cp, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Instruction {
  readonly name: string
  readonly text: string
}

export interface Stage {
  readonly base: string
  readonly instructions: readonly Instruction[]
}

export async function readStages(): Promise<readonly Stage[]> {
  const text = await readFile(join(root, 'Dockerfile'), 'utf8')
  const instructions = text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
      return { name, text: rest }
    })
  const stages: { base: string; instructions: Instruction[] }[] = []
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') stages.push({ base: instruction.text, instructions: [] })
    else stages.at(-1)?.instructions.push(instruction)
  }
  return stages
}

export const textsOf = (stage: Stage, name: string): readonly string[] =>
  stage.instructions.filter((instruction) => instruction.name === name).map(({ text }) => text)

/** What the last stage takes from the checkout. */
export const copiedPaths = (stage: Stage): readonly string[] =>
  textsOf(stage, 'COPY')
    .filter((text) => !text.startsWith('--from='))
    .flatMap((text) => text.split(/\s+/).slice(0, -1))

export interface Image {
  /** Where the image's file system is: `/opt/meshgate` lies at `<directory>/opt/meshgate`. */
  readonly directory: string
  readonly workingDirectory: string
  readonly environment: Readonly<Record<string, string>>
  readonly entrypoint: readonly string[]
  /** Null where this process may not become another user. */
  readonly user: { readonly uid: number; readonly gid: number } | null
}

/** Puts the image together in `directory`. Everything belongs to who runs the test, as in the image it belongs to root. */
export async function assembleImage(directory: string): Promise<Image> {
  const stage = (await readStages()).at(-1)
  if (stage === undefined) throw new Error('the Dockerfile has no stage')
  const workingDirectory = textsOf(stage, 'WORKDIR').at(-1) ?? '/'
  const home = join(directory, workingDirectory)
  await mkdir(home, { recursive: true })
  for (const path of copiedPaths(stage)) await cp(join(root, path), join(home, path), { recursive: true })
  for (const path of await productionPackages()) await cp(join(root, path), join(home, path), { recursive: true })
  const node = join(directory, 'usr/local/bin/node')
  await mkdir(dirname(node), { recursive: true })
  await cp(process.execPath, node, { dereference: true })
  await chmod(directory, 0o755)
  const [uid = 0, gid = 0] = (textsOf(stage, 'USER').at(-1) ?? '').split(':').map(Number)
  const environment = textsOf(stage, 'ENV').flatMap((text) => text.split(/\s+/).map((pair) => pair.split('=')))
  return {
    directory,
    workingDirectory,
    environment: {
      ...Object.fromEntries(environment as [string, string][]),
      PATH: dirname(node),
    },
    entrypoint: JSON.parse(textsOf(stage, 'ENTRYPOINT').at(-1) ?? '[]') as readonly string[],
    user: process.getuid?.() === 0 ? { uid, gid } : null,
  }
}

interface LockedPackage {
  readonly dev?: boolean
  readonly optional?: boolean
}

/** What `npm ci --omit=dev` installs, as far as it is installed here (optional packages of other platforms are not). */
async function productionPackages(): Promise<readonly string[]> {
  const read = async (path: string) =>
    (JSON.parse(await readFile(join(root, path), 'utf8')) as { packages: Record<string, LockedPackage> }).packages
  const installed = await read('node_modules/.package-lock.json')
  const production = Object.entries(await read('package-lock.json'))
    .filter(([path, { dev }]) => path !== '' && dev !== true && installed[path] !== undefined)
    .map(([path]) => path)
  // A package's own node_modules go with it: what lies in a folder that is copied need not be copied again.
  return production.filter((path) => path.lastIndexOf('node_modules/') === 0)
}
