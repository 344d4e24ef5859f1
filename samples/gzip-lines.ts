// Lines of the text files shipped with the project, which are gzipped.
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'

/** The lines that are not empty, without their line ends. Reads on as they are taken: node:readline holds all lines that were read meanwhile. */
export async function* gzipLines(url: URL): AsyncGenerator<string> {
  const file = createReadStream(url)
  const unzipped = createGunzip().setEncoding('utf8')
  // A plain pipe would lose the file's own error.
  file.on('error', (error) => unzipped.destroy(error)).pipe(unzipped)
  let begun = ''
  for await (const text of unzipped as AsyncIterable<string>) {
    const lines = `${begun}${text}`.split('\n')
    begun = lines.pop() ?? ''
    for (const line of lines) if (line !== '' && line !== '\r') yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
  if (begun !== '') yield begun
}
