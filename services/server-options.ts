// What one node of a real server is started with, and what its starter gets in return.
import type { Environment } from './java-tools.ts'

export interface ServerOptions {
  /** Data, configuration and logs. A start on the directory of an earlier node goes on with its data and ports. */
  readonly directory: string
  /** The address to listen on, 127.0.0.1 by default; 127.0.0.2 and so on let nodes of a cluster share a machine. */
  readonly host?: string
  /** The clients' port. Unset or 0: that of the directory's last start, or a free one. */
  readonly port?: number
  /** 'process': nothing outlives the process that started it, even by SIGKILL. 'detached': it runs until it is stopped. */
  readonly lifetime: 'process' | 'detached'
  readonly heapMegabytes?: number
  /** Starts faster and runs slower: for tests, whose servers live for a minute. */
  readonly quickStart?: boolean
  /** Beside or in place of the settings that the server gets otherwise, by the server's own names. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** With lifetime 'process': removed when the starter vanishes without a stop. */
  readonly temporaryDirectory?: string
  /** Where java and mvn are looked for. By default this process's. */
  readonly environment?: Environment
}

export interface RunningServer {
  /** host:port for clients. */
  readonly address: string
  readonly pid: number
  /** Cleanly; resolves when the process has ended. */
  stop(): Promise<void>
  /** By SIGKILL; resolves when the process has ended. Data stay. */
  kill(): Promise<void>
}
