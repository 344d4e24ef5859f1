// Serves the page of the browser's test, with the modules that it imports as an installed package has them: no bundler.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, normalize } from 'node:path'
import { root } from '../../cli/meshgate-process.ts'
import type { InstalledPackage } from '../../installed-package.ts'

const IMPORTS = { 'meshgate/client': '/meshgate/index.js', 'graphql-ws': '/graphql-ws/client.js' }
const HTML = `<!doctype html><meta charset="utf-8"><title>Changes</title>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module" src="/page.js"></script>`

export interface PageServer {
  readonly origin: string
  close(): Promise<void>
}

export async function servePage({ path }: InstalledPackage): Promise<PageServer> {
  const folders: Readonly<Record<string, string>> = {
    meshgate: join(path, 'dist/client'),
    'graphql-ws': join(root, 'node_modules/graphql-ws/dist'),
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page')
    const [, folder = '', name = ''] = /^\/([\w-]+)\/([\w.-]+\.js)$/.exec(normalize(pathname)) ?? []
    const file = pathname === '/page.js' ? join(import.meta.dirname, 'page.js') : join(folders[folder] ?? '', name)
    if (pathname === '/') return response.setHeader('content-type', 'text/html').end(HTML)
    return readFile(file).then(
      (text) => response.setHeader('content-type', 'text/javascript').end(text),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
