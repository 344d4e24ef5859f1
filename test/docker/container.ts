// A process that stands for a container: the image's entrypoint, user and variables, with the command and environment of a service.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Image } from './docker-image.ts'

export interface ContainerOptions {
  readonly image: Image
  readonly command: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Instead of the image's entrypoint: what a health check runs. */
  readonly entrypoint?: readonly string[]
}

export interface Container {
  /** What it printed so far, standard output and error in order of arrival. */
  output(): string
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
  signal(signal: NodeJS.Signals): void
}

export function startContainer({ image, command, environment, entrypoint }: ContainerOptions): Container {
  const inside = (part: string) => part.replace(/^\/opt\//, `${join(image.directory, 'opt')}/`)
  const [executable = '', ...args] = [...(entrypoint ?? image.entrypoint).map(inside), ...command]
  const child = spawn(executable, args, {
    cwd: join(image.directory, image.workingDirectory),
    // Nothing of the environment that runs the test: a container has none either.
    env: { ...image.environment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...image.user,
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code))
  })
  return { output: () => output, ended, signal: (signal) => void child.kill(signal) }
}
