// The Kafka log as processes that are to be killed open it. The settings are addresses of brokers, with commas.
import { pino } from 'pino'
import { openKafkaLog } from '../../platform/adapters/kafka/kafka-log.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { systemClock } from '../../platform/system-clock.ts'

export function openLog(addresses: string): Promise<EventLog> {
  return openKafkaLog({ brokers: addresses.split(','), clock: systemClock, logger: pino({ level: 'silent' }) })
}
