// The Kafka log passes the suite of its port, on a real broker.
import { describeEventLog } from '../conformance/event-log.ts'
import { describeServers, kafkaAddress } from '../servers/test-servers.ts'
import { openLog } from './child-log.ts'
import { compact, expire } from './topic-admin.ts'

describeServers('on a real broker', () => {
  describeEventLog('the Kafka log', async () => {
    const address = await kafkaAddress()
    return {
      open: () => openLog(address),
      child: { module: new URL('./child-log.ts', import.meta.url).href, settings: address },
      expire: (log, topic) => expire(address, log, topic),
      compact: (log, topic) => compact(address, log, topic),
      dispose: () => Promise.resolve(),
    }
  })
})
