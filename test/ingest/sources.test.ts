// Files as records: CSV, NDJSON, gzip, in chunks of any size.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { csvRecords } from '../../ingest/sources/csv.ts'
import { fileBytes } from '../../ingest/sources/file-bytes.ts'
import { ndjsonLines } from '../../ingest/sources/ndjson.ts'
import { limits } from '../../platform/limits.ts'

async function* inChunks(text: string | Buffer, bytes: number): AsyncGenerator<Buffer> {
  const whole = Buffer.from(text)
  for (let from = 0; from < whole.length; from += bytes) yield whole.subarray(from, from + bytes)
}

const CSV = '\uFEFFid, name ,"note"\r\n1,Ann,"a ""b"", c"\r\n\r\n2,"Bob\r\nand\nCo",\n3,Zoë 🚀,"",\n4,x\r5,"",last'
const CSV_RECORDS = [
  { id: '1', name: 'Ann', note: 'a "b", c' },
  { id: '2', name: 'Bob\r\nand\nCo', note: '' },
  ['3', 'Zoë 🚀', '', ''],
  ['4', 'x'],
  { id: '5', name: '', note: 'last' },
]

test('reads CSV as RFC 4180 has it, wherever the chunks are cut', async () => {
  for (const bytes of [1, 2, 3, 7, 1_000]) {
    expect(await Array.fromAsync(csvRecords(inChunks(CSV, bytes), 'a.csv'))).toEqual(CSV_RECORDS)
  }
})

test('names file and line of CSV that is none', async () => {
  const messages = [
    ['id\n1\n"open\nto the end', 'a.csv:3: a quoted field is not closed. Mend the file.'],
    ['id\n1\n2"3', 'a.csv:3: a quote stands in a field that does not begin with one. Mend the file.'],
    [
      'id,x\r\n"1\r\n\r\n\r2",\r\n\r\n\n3,4"',
      'a.csv:8: a quote stands in a field that does not begin with one. Mend the file.',
    ],
    ['id\n"1"x', 'a.csv:2: text follows the closing quote of a field. Mend the file.'],
    ['id,name,id\n', 'a.csv:1: column 3 of the header repeats the name "id". Name each column once.'],
    ['\n\nid,,x\n', 'a.csv:3: column 2 of the header has no name. Name each column once.'],
    [Buffer.from([0x69, 0x64, 0x0a, 0xff]), 'a.csv is not UTF-8 text. Convert it.'],
  ] as const
  for (const [text, message] of messages) {
    await expect(Array.fromAsync(csvRecords(inChunks(text, 4), 'a.csv'))).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message,
    })
  }
})

test('bounds the memory of a row whose quote is missing, and of an endless line', async () => {
  const endless = 'x'.repeat(limits.recordBytesMax + 10)
  const row = Array.fromAsync(csvRecords(inChunks(`id\n"${endless}`, 65_536), 'a.csv'))
  await expect(row).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
  const line = Array.fromAsync(ndjsonLines(inChunks(endless, 65_536), 'a.ndjson'))
  await expect(line).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
})

test('passes lines of NDJSON on as they are, bad ones too', async () => {
  const text = '\uFEFF{"a":1.10}\r\n\n  \n{"b":"ö"} \nno json\n{"last":true}'
  for (const bytes of [1, 3, 1_000]) {
    const lines = await Array.fromAsync(ndjsonLines(inChunks(text, bytes), 'a.ndjson'))
    expect(lines.map(String)).toEqual(['{"a":1.10}', '{"b":"ö"}', 'no json', '{"last":true}'])
  }
})

test('unpacks gzip by its content, and says what cannot be read', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-sources-'))
  try {
    const whole = Buffer.from('line\n'.repeat(200_000))
    const zipped = gzipSync(whole)
    await writeFile(join(directory, 'plain'), whole)
    await writeFile(join(directory, 'zipped'), Buffer.concat([zipped, zipped]))
    await writeFile(join(directory, 'torn'), zipped.subarray(0, zipped.length - 20))
    await writeFile(join(directory, 'empty'), '')
    const read = async (name: string): Promise<Buffer> =>
      Buffer.concat(await Array.fromAsync(fileBytes(join(directory, name))))
    expect((await read('plain')).equals(whole)).toBe(true)
    expect((await read('zipped')).equals(Buffer.concat([whole, whole]))).toBe(true)
    expect(await read('empty')).toEqual(Buffer.alloc(0))
    await expect(read('torn')).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
    await expect(read('missing')).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    // Leaving early must not wait for the rest.
    for await (const chunk of fileBytes(join(directory, 'zipped'))) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
  } finally {
    await rm(directory, { recursive: true })
  }
})
