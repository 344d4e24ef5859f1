// The Kafka log as processes that are to be killed open it. The settings are the address of a broker.
import { pino } from 'pino'
import { openKafkaLog } from '../../platform/adapters/kafka/kafka-log.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { systemClock } from '../../platform/system-clock.ts'

export function openLog(address: string): Promise<EventLog> {
  return openKafkaLog({ brokers: [address], clock: systemClock, logger: pino({ level: 'silent' }) })
}
