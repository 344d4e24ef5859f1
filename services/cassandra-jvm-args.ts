// What Cassandra's own start script gives Java 17 (conf/jvm17-server.options and bin/cassandra), as far as a node without JMX needs it.

const OPENED_PACKAGES = [
  ...[
    'java.io',
    'java.lang',
    'java.lang.module',
    'java.lang.reflect',
    'java.math',
    'java.net',
    'java.nio',
    'java.util',
    'java.util.concurrent',
    'java.util.concurrent.atomic',
    'jdk.internal.loader',
    'jdk.internal.math',
    'jdk.internal.misc',
    'jdk.internal.module',
    'jdk.internal.ref',
    'jdk.internal.reflect',
    'jdk.internal.util',
    'jdk.internal.util.jar',
    'sun.nio.ch',
    'sun.security.x509',
  ].map((name) => `java.base/${name}`),
  'java.management/com.sun.jmx.remote.security',
  'java.management.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.rmi/sun.rmi.transport.tcp',
  'java.sql/java.sql',
  'jdk.management/com.sun.management.internal',
  'jdk.unsupported/sun.misc',
]

export const CASSANDRA_JVM_ARGS: readonly string[] = [
  '-Djdk.attach.allowAttachSelf=true',
  '-Djava.security.manager=allow',
  // A node among strangers waits for gossip to settle, and 2 s before it leaves; these are started, and stopped, together.
  '-Dcassandra.skip_wait_for_gossip_to_settle=0',
  '-Dcassandra.shutdown_announce_in_ms=0',
  ...OPENED_PACKAGES.flatMap((name) => [`--add-opens=${name}=ALL-UNNAMED`, `--add-exports=${name}=ALL-UNNAMED`]),
]
