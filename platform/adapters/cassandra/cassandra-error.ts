// Turns what the driver rejects with into the Store port's errors. A message names the cluster, what it said, and what to do.
import { errors, types } from 'cassandra-driver'
import { type FailureCode, MeshgateError } from '../../errors.ts'
import { plainReason } from '../../tls-problem.ts'

const { responseErrorCodes } = types

/** What was asked: an invalid read is the caller's mistake, as is an invalid row. */
export type Asked = 'read' | 'write' | 'schema'

const INVALID_CODES: Readonly<Record<Asked, FailureCode>> = {
  read: 'STORE_REQUEST_INVALID',
  write: 'STORE_ROW_INVALID',
  schema: 'STORE_MIGRATION_REFUSED',
}

/** The Store error that an error of the driver stands for; errors of ours and bugs pass as they are. */
export function storeError(error: unknown, asked: Asked, cluster: string): unknown {
  if (error instanceof MeshgateError || !(error instanceof Error)) return error
  if (error instanceof errors.ResponseError) return responseError(error, asked, cluster)
  if (error instanceof errors.BusyConnectionError) {
    return overloaded(`The connections to Cassandra at ${cluster} are full`, error)
  }
  if (error instanceof errors.AuthenticationError) return accessDenied(cluster, error)
  if (error instanceof errors.ArgumentError && error.message.startsWith('Datacenter ')) {
    const message = `Cassandra at ${cluster}: ${error.message}. Set MESHGATE_CASSANDRA_DATACENTER to one of them.`
    return new MeshgateError('CONFIG_INVALID', message, error)
  }
  if (error instanceof errors.NoHostAvailableError) return noHostError(error, asked, cluster)
  if (error instanceof errors.DriverError || isSocketError(error)) {
    return unavailable(`Cassandra at ${cluster} does not answer (${plainReason(error)})`, error)
  }
  return error
}

/** The node has more to do than it can: it says so, or does not answer in time. */
export function isCongestion(error: unknown): boolean {
  return isRefusal(error) || said(error).some((one) => one instanceof errors.OperationTimedOutError)
}

/** The node told that it had too much to do; what it refused may be done all the same, and may be repeated as everything that the store sends. */
export function isRefusal(error: unknown): boolean {
  return saysOneOf(error, REFUSALS)
}

/** The same of a read. */
export function isReadRefusal(error: unknown): boolean {
  return saysOneOf(error, READ_REFUSALS)
}

const REFUSALS: ReadonlySet<number> = new Set([responseErrorCodes.overloaded, responseErrorCodes.writeTimeout])
const READ_REFUSALS: ReadonlySet<number> = new Set([responseErrorCodes.overloaded, responseErrorCodes.readTimeout])

function saysOneOf(error: unknown, codes: ReadonlySet<number>): boolean {
  return said(error).some(
    (one) => one instanceof errors.BusyConnectionError || (one instanceof errors.ResponseError && codes.has(one.code)),
  )
}

/** The error itself, or what each host said. */
function said(error: unknown): readonly unknown[] {
  return error instanceof errors.NoHostAvailableError ? Object.values(error.innerErrors ?? {}) : [error]
}

function noHostError(error: errors.NoHostAvailableError, asked: Asked, cluster: string): unknown {
  // What the hosts said, where they all said something of the same kind; a host that is down says nothing.
  const inner: unknown[] = Object.values(error.innerErrors ?? {})
  const [said] = inner.filter(
    (one) =>
      one instanceof errors.ResponseError ||
      one instanceof errors.BusyConnectionError ||
      one instanceof errors.AuthenticationError,
  )
  if (said !== undefined) return storeError(said, asked, cluster)
  const [first] = inner
  const reason = first instanceof Error ? plainReason(first) : typeof first === 'string' ? first : error.message
  return unavailable(`Cassandra at ${cluster} cannot be reached (${reason})`, error)
}

function responseError(error: errors.ResponseError, asked: Asked, cluster: string): MeshgateError {
  switch (error.code) {
    case responseErrorCodes.overloaded:
      return overloaded(`Cassandra at ${cluster} is overloaded (${error.message})`, error)
    case responseErrorCodes.syntaxError:
    case responseErrorCodes.invalid:
    case responseErrorCodes.configError:
    case responseErrorCodes.alreadyExists: {
      const message = `Cassandra at ${cluster} refuses a ${asked === 'schema' ? 'table' : asked}: ${error.message}`
      return new MeshgateError(INVALID_CODES[asked], `${message}. Mend what it names.`, error)
    }
    case responseErrorCodes.badCredentials:
    case responseErrorCodes.unauthorized:
      return accessDenied(cluster, error)
    default:
      return unavailable(`Cassandra at ${cluster} failed (${error.message})`, error)
  }
}

function isSocketError(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && 'syscall' in error
}

function accessDenied(cluster: string, error: Error): MeshgateError {
  const message = `Cassandra at ${cluster} does not let this user in (${error.message}): check user name, password and grants.`
  return new MeshgateError('STORE_ACCESS_DENIED', message, error)
}

function overloaded(what: string, cause: unknown): MeshgateError {
  return new MeshgateError('STORE_OVERLOADED', `${what}: retry with backoff.`, cause)
}

function unavailable(what: string, cause: unknown): MeshgateError {
  return new MeshgateError('STORE_UNAVAILABLE', `${what}: check that it runs and can be reached; retry.`, cause)
}
