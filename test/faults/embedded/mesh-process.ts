// The process that is killed: an embedded mesh, told what to do by messages. It may end itself in the middle of a chosen operation.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { derivedOf } from '../fault-derived.ts'
import { FAULT_PRODUCTS, type FaultProduct } from '../fault-products.ts'
import { seededInteger } from '../../seeded-random.ts'
import { DURABLE_FILE, type FromChild, type OpenMessage, type ToChild } from './child-messages.ts'
import type { FilePoints } from './fault-files.ts'
import { openMesh, type EmbeddedMesh } from './mesh.ts'

let mesh: EmbeddedMesh | null = null
let subscribable: readonly FaultProduct[] = []
const streams = new Map<number, { return?: () => unknown }>()

process.on('disconnect', () => process.exit())
process.on('message', (message: ToChild) => {
  handle(message).catch((error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (message.kind === 'open') throw error
    tell({ kind: 'failed', id: message.id, message: text })
  })
})

async function handle(message: ToChild): Promise<void> {
  if (message.kind === 'open') {
    mesh = await open(message)
    tell({ kind: 'opened' })
    return
  }
  if (mesh === null) throw new Error('not open')
  const { id } = message
  if (message.kind === 'append') {
    tell({ kind: 'appended', id, positions: await mesh.append(message.topic, message.records) })
  } else if (message.kind === 'unsubscribe') {
    await streams.get(id)?.return?.()
  } else {
    const product = subscribable.find(({ name }) => name === message.product)
    if (product === undefined) throw new Error(`no product ${message.product}`)
    const stream = await mesh.endpoint(product).subscribe(message.request)
    streams.set(id, stream)
    for await (const response of stream) tell({ kind: 'event', id, response })
    tell({ kind: 'ended', id })
  }
}

async function open({ products, directory, crash, store, ...options }: OpenMessage): Promise<EmbeddedMesh> {
  const random = seededInteger(options.seed + 13)
  let operations = 0
  const reached = (): boolean => crash !== null && ++operations >= crash.operation
  const die = (): void => {
    if (crash?.kind === 'POWER_LOSS' && opened !== null)
      writeFileSync(join(directory, DURABLE_FILE), JSON.stringify(opened.files.durable()))
    process.kill(process.pid, 'SIGKILL')
  }
  const points: FilePoints = {
    onOperation: () => {
      if (crash?.kind !== 'TORN_WRITE' && reached()) die()
    },
    torn: (length) => (crash?.kind === 'TORN_WRITE' && reached() ? random(length + 1) : null),
    onTorn: die,
    failure: () => null,
  }
  const own = FAULT_PRODUCTS.filter(({ name }) => products.includes(name))
  const derived = derivedOf(options.seed, own)
  subscribable = [...own, derived.told]
  let opened: EmbeddedMesh | null = null
  opened = await openMesh({ ...options, directory, points, products: own, derived })
  opened.store.faults = store
  return opened
}

function tell(message: FromChild): void {
  process.send?.(message)
}
