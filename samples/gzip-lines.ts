// Lines of the text files shipped with the project, which are gzipped.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

/** The lines that are not empty, without their line ends. */
export async function* gzipLines(url: URL): AsyncGenerator<string> {
  const file = createReadStream(url)
  const unzipped = createGunzip()
  // A plain pipe would lose the file's own error.
  file.on('error', (error) => unzipped.destroy(error)).pipe(unzipped)
  for await (const line of createInterface({ input: unzipped, crlfDelay: Infinity })) {
    if (line !== '') yield line
  }
}
