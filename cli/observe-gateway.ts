// What a gateway of the command line tells of its operations: metrics always, the request log and traces as they are configured.
import type { GatewayObserver } from '../gateway/main.ts'
import { observeOperations } from '../gateway/observe/observe-operations.ts'
import { createRequestLog } from '../gateway/observe/request-log.ts'
import { systemClock } from '../platform/system-clock.ts'
import { openTracer } from '../platform/telemetry/tracer.ts'
import { gatewayObserver } from './role-metrics.ts'
import type { RoleProcess } from './run-role.ts'

/** What it opens is closed with the role's parts, after the gateway. */
export async function observeGateway({ config, logger, metrics, parts }: RoleProcess): Promise<GatewayObserver> {
  const { requestLog, tracing } = config.operating
  const clock = systemClock
  const tracer = await openTracer(tracing, { clock, logger })
  if (tracer !== null) parts.defer(() => tracer.close())
  const log = createRequestLog({ config: requestLog, logger, key: config.cursorKey })
  const eventRatio = tracing?.eventRatio ?? 0
  const [counted, followed] = [gatewayObserver(metrics), observeOperations({ log, tracer, clock, eventRatio })]
  return {
    ...counted,
    ...followed,
    refused: (request) => {
      counted.refused?.(request)
      followed.refused?.(request)
    },
  }
}
