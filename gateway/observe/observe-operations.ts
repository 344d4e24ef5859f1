// From what is configured to the observer's part that follows each operation; undefined where nobody wants to know.
import { systemClock } from '../../platform/system-clock.ts'
import type { GatewayObserver } from '../gateway-observer.ts'
import { OperationRecord, type RecordPorts } from './operation-record.ts'

export function observeOperations(ports: Partial<RecordPorts>): Pick<GatewayObserver, 'operation'> {
  const { log = null, tracer = null, clock = systemClock, eventRatio = 0, random = Math.random } = ports
  if (log === null && tracer === null) return {}
  const all: RecordPorts = { log, tracer, clock, eventRatio, random }
  return { operation: (request) => new OperationRecord(request, all) }
}
