// Entry of the planning thread: reads the supergraph once, then validates and plans what it is sent, one after the other. On a core that it
// shares with the requests' thread it waits for it.
import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { parse, type DocumentNode } from 'graphql'
import { invariant, MeshgateError } from '../../platform/errors.ts'
import { readSupergraph } from '../supergraph/read-supergraph.ts'
import { planRequest } from './plan-request.ts'
import type { AnswerMessage, Job, JobMessage, JobResult } from './planning-messages.ts'
import { readOperation } from './read-operation.ts'
import { validateDocument } from './validate-document.ts'

const port = parentPort
invariant(port, 'the planning worker runs in a thread')
let parsed: { readonly query: string; readonly document: DocumentNode } | null = null

yieldToRequests()
const supergraph = readSupergraph(workerData as string)

port.on('message', (message: JobMessage) => port.postMessage(answer(message)))

/** Linux has a priority for each thread, and 0 is the calling one; elsewhere it would be the process. A tenth of a busy core is left. */
function yieldToRequests(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // A sandbox may forbid it: then the core is shared evenly.
  }
}

function answer({ id, job }: JobMessage): AnswerMessage {
  try {
    return { id, result: work(job) }
  } catch (error) {
    if (error instanceof MeshgateError) return { id, failure: { code: error.code, message: error.message } }
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { id, failure: { code: 'INTERNAL', message } }
  }
}

function work(job: Job): JobResult<Job> {
  if (job.kind === 'read') return readOperation(supergraph.publicSchema, job, job.limits)
  const document = parseOnce(job.query)
  if (job.kind === 'validate')
    return validateDocument(document, supergraph.publicSchema, job.permissions).map((error) => error.toJSON())
  const planned = planRequest(supergraph, {
    document,
    operationName: job.operationName ?? undefined,
    variables: job.variables,
    isLabelActive: (label) => job.activeLabels.includes(label),
    listSize: job.listSize,
  })
  return JSON.stringify(planned)
}

/** What has been validated is mostly planned next. */
function parseOnce(query: string): DocumentNode {
  if (parsed?.query !== query) parsed = { query, document: parse(query) }
  return parsed.document
}
