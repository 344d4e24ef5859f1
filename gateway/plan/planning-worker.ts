// Entry of the planning thread: reads the supergraph once, then validates and plans what it is sent, one after the other.
import { parentPort, workerData } from 'node:worker_threads'
import { parse } from 'graphql'
import { invariant, MeshgateError } from '../../platform/errors.ts'
import { readSupergraph } from '../supergraph/read-supergraph.ts'
import { planRequest } from './plan-request.ts'
import type { AnswerMessage, Job, JobMessage, Planned, ValidationErrors } from './planning-messages.ts'
import { validateDocument } from './validate-document.ts'

const port = parentPort
invariant(port, 'the planning worker runs in a thread')
const supergraph = readSupergraph(workerData as string)

port.on('message', (message: JobMessage) => port.postMessage(answer(message)))

function answer({ id, job }: JobMessage): AnswerMessage {
  try {
    return { id, result: work(job) }
  } catch (error) {
    if (error instanceof MeshgateError) return { id, failure: { code: error.code, message: error.message } }
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { id, failure: { code: 'INTERNAL', message } }
  }
}

function work(job: Job): Planned | ValidationErrors {
  if (job.kind === 'validate') {
    return validateDocument(parse(job.query), supergraph.publicSchema).map((error) => error.toJSON())
  }
  return planRequest(supergraph, {
    document: parse(job.query, { noLocation: true }),
    operationName: job.operationName ?? undefined,
    variables: job.variables,
    isLabelActive: (label) => job.activeLabels.includes(label),
  })
}
