// A topic on disk: a directory with its definition and one directory per partition. It appears whole by a rename, its definition is
// replaced whole, so a crash leaves a topic, or none, and never half of one.
import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TopicDefinition } from '../../../schema/topics.ts'
import { MeshgateError } from '../../errors.ts'
import { ActiveSegment } from './active-segment.ts'
import { asLogError, replaceFile, syncDirectory } from './file-layer.ts'
import type { FileLayer } from './file-layer.ts'

const CREATING = '.creating-'
const DEFINITION = 'topic.json'

/** Kafka's rule, so that a mesh can move there; and no name leaves the directory. */
export function requireTopicName(name: string): void {
  if (/^[A-Za-z0-9._-]{1,249}$/.test(name) && !name.startsWith('.')) return
  const rule = 'letters, digits, ".", "_" and "-", at most 249, not beginning with "."'
  throw new MeshgateError('CONFIG_INVALID', `"${name}" is no name for a topic: use ${rule}.`)
}

export async function createTopicDirectory(files: FileLayer, root: string, definition: TopicDefinition): Promise<void> {
  const building = join(root, CREATING + definition.name)
  try {
    await rm(building, { recursive: true, force: true })
    await mkdir(building)
    for (let partition = 0; partition < definition.partitions; partition += 1) {
      const directory = partitionDirectory(building, partition)
      await mkdir(directory)
      const segment = await ActiveSegment.create(files, directory, { base: 0, floorTimestampUs: 0 })
      await segment.close()
    }
    await writeDefinition(files, building, definition)
    await files.rename(building, join(root, definition.name))
    await syncDirectory(files, root)
  } catch (error) {
    throw asLogError(error, `Topic ${definition.name} cannot be created`)
  }
}

export async function updateTopicDirectory(files: FileLayer, root: string, definition: TopicDefinition): Promise<void> {
  try {
    await writeDefinition(files, join(root, definition.name), definition)
  } catch (error) {
    throw asLogError(error, `Topic ${definition.name} cannot be changed`)
  }
}

/** Every topic there is, sorted by name; removes what a crash left of topics in the making. */
export async function readTopicDirectories(root: string): Promise<readonly TopicDefinition[]> {
  const definitions: TopicDefinition[] = []
  for (const name of (await readdir(root)).toSorted()) {
    if (name.startsWith(CREATING)) await rm(join(root, name), { recursive: true, force: true })
    else definitions.push(parseDefinition(await readFile(join(root, name, DEFINITION), 'utf8'), join(root, name)))
  }
  return definitions
}

export function partitionDirectory(topicDirectory: string, partition: number): string {
  return join(topicDirectory, String(partition))
}

async function writeDefinition(files: FileLayer, directory: string, definition: TopicDefinition): Promise<void> {
  const { name, partitions, retentionMs, compacted } = definition
  const text = JSON.stringify({ format: 1, name, partitions, retentionMs, compacted }, null, 2)
  await replaceFile(files, join(directory, DEFINITION), Buffer.from(`${text}\n`))
}

function parseDefinition(text: string, directory: string): TopicDefinition {
  const parsed = parseJson(text)
  if (typeof parsed === 'object' && parsed !== null && 'format' in parsed && parsed.format === 1) {
    const { name, partitions, retentionMs, compacted } = parsed as Partial<Record<keyof TopicDefinition, unknown>>
    const retains = retentionMs === null || typeof retentionMs === 'number'
    if (typeof name === 'string' && typeof partitions === 'number' && typeof compacted === 'boolean' && retains) {
      return { name, partitions, retentionMs, compacted }
    }
  }
  const file = join(directory, DEFINITION)
  throw new MeshgateError('LOG_CORRUPT', `${file} is no topic definition of format 1. Restore it from a backup.`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
