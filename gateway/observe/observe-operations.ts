// From what is configured to the observer's part that follows each operation; undefined where nobody wants to know.
import { systemClock } from '../../platform/system-clock.ts'
import type { GatewayObserver, RefusedRequest } from '../gateway-observer.ts'
import { OperationRecord, type RecordPorts } from './operation-record.ts'

export function observeOperations(ports: Partial<RecordPorts>): Pick<GatewayObserver, 'operation' | 'refused'> {
  const { log = null, tracer = null, clock = systemClock, eventRatio = 0, random = Math.random } = ports
  if (log === null && tracer === null) return {}
  const all: RecordPorts = { log, tracer, clock, eventRatio, random }
  const refused = log === null ? {} : { refused: (request: RefusedRequest) => log.refused(request) }
  return { operation: (request) => new OperationRecord(request, all), ...refused }
}
