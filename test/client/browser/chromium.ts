// A headless Chromium of the machine, driven over its own protocol (Chrome DevTools): no package for it. MESHGATE_CHROMIUM names another.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { WebSocket } from 'ws'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
/** It asks nobody but the tests' pages. */
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic']
const FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', ...QUIET]

/** Null where there is none. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | null {
  const own = environment['MESHGATE_CHROMIUM']
  if (own !== undefined) return own
  const folders = (environment['PATH'] ?? '').split(delimiter)
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export interface Page {
  /** The value of an expression, awaited; rejects with what it throws. */
  evaluate<Value>(expression: string): Promise<Value>
  /** Resolves when the page has loaded. */
  reload(): Promise<void>
  navigate(url: string): Promise<void>
  /** As the browser does with a page that nobody looks at: nothing of it runs until it is `active` again. */
  setLifecycle(state: 'frozen' | 'active'): Promise<void>
}

export interface Browser {
  open(url: string): Promise<Page>
  close(): Promise<void>
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly sessionId?: string
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly message: string }
}

type Send = (method: string, parameters?: object) => Promise<Readonly<Record<string, unknown>>>

export async function startChromium(executable: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'meshgate-chromium-'))
  const args = [...FLAGS, `--user-data-dir=${profile}`, '--remote-debugging-port=0', 'about:blank']
  const child = spawn(executable, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  const close = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  try {
    const socket = new WebSocket(await addressIn(child.stderr, ended))
    await once(socket, 'open')
    const connection = new Connection(socket)
    return {
      async open(url) {
        const { targetId } = await connection.send('Target.createTarget', { url: 'about:blank' })
        const { sessionId } = await connection.send('Target.attachToTarget', { targetId, flatten: true })
        const page = new DevToolsPage(connection, String(sessionId))
        await page.navigate(url)
        return page
      },
      async close() {
        socket.terminate()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function addressIn(stderr: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<string> {
  let text = ''
  stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  for (;;) {
    const [, address] = /DevTools listening on (\S+)/.exec(text) ?? []
    if (address !== undefined) return address
    await Promise.race([once(stderr, 'data'), ended.then(() => Promise.reject(new Error(text)))])
  }
}

class Connection {
  readonly #socket: WebSocket
  readonly #answers = new Map<number, PromiseWithResolvers<Readonly<Record<string, unknown>>>>()
  readonly #listeners = new Set<(message: Message) => void>()
  #id = 0

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer) => this.#take(JSON.parse(data.toString()) as Message))
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#id
    const answer = Promise.withResolvers<Readonly<Record<string, unknown>>>()
    this.#answers.set(id, answer)
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }))
    return answer.promise
  }

  /** Resolves with the next of them. */
  event(sessionId: string, method: string): Promise<void> {
    return new Promise((resolve) => {
      const listener = (message: Message): void => {
        if (message.sessionId !== sessionId || message.method !== method) return
        this.#listeners.delete(listener)
        resolve()
      }
      this.#listeners.add(listener)
    })
  }

  #take(message: Message): void {
    const { id, result = {}, error } = message
    for (const listener of this.#listeners) listener(message)
    if (id === undefined) return
    const answer = this.#answers.get(id)
    this.#answers.delete(id)
    if (error === undefined) answer?.resolve(result)
    else answer?.reject(new Error(error.message))
  }
}

class DevToolsPage implements Page {
  readonly #connection: Connection
  readonly #session: string

  constructor(connection: Connection, session: string) {
    this.#connection = connection
    this.#session = session
  }

  async evaluate<Value>(expression: string): Promise<Value> {
    const options = { expression, awaitPromise: true, returnByValue: true }
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', options)
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return (result as { readonly value: Value }).value
  }

  async reload(): Promise<void> {
    await this.#loaded(() => this.#send('Page.reload'))
  }

  async navigate(url: string): Promise<void> {
    await this.#send('Page.enable')
    await this.#loaded(() => this.#send('Page.navigate', { url }))
  }

  async setLifecycle(state: 'frozen' | 'active'): Promise<void> {
    await this.#send('Page.setWebLifecycleState', { state })
  }

  async #loaded(act: () => Promise<unknown>): Promise<void> {
    const loaded = this.#connection.event(this.#session, 'Page.loadEventFired')
    await act()
    await loaded
  }

  readonly #send: Send = (method, parameters) => this.#connection.send(method, parameters, this.#session)
}
